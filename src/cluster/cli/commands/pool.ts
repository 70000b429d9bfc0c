import { heldText, silenceAdvice, slotTitle } from "../../protocol/slotWords.ts";
import { EXIT, withPool, type Command } from "../command.ts";
import { agoText, bytesText, pairs, table } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

export const poolStatus: Command = {
  name: "pool status",
  usage: "pool status",
  summary: "The pool and its slots: free, held and by whom.",
  arguments: [],
  run: (context) =>
    withPool(context, async (connection) => {
      const status = await connection.call("pool/status", {}, { signal: context.signal });
      const { pool, slots } = status;
      context.document(status);
      context.say(
        pairs(
          [
            ["Pool", `${pool.account}@${pool.host}:${pool.folder}`],
            [
              "Server",
              `${pool.serverVersion}, process ${pool.serverPid}, started ${agoText(pool.startedAt)}`,
            ],
            ["Trials", `${status.running} running, ${status.waiting} waiting`],
            ["Disk", `${bytesText(status.diskFreeBytes)} free`],
            ...(status.disk?.message ? [["", status.disk.message] as [string, string]] : []),
            ["Slots", countText(slots.length, "slot")],
          ],
          context.paint,
        ),
      );
      const rows = slots.map((slot) => [
        slot.id,
        slotTitle(slot),
        {
          text: slot.state,
          colour:
            slot.state === "free"
              ? ("green" as const)
              : slot.state === "held"
                ? ("blue" as const)
                : ("red" as const),
        },
        slot.memoryBytes === null
          ? ""
          : `${bytesText(slot.usedMemoryBytes ?? 0)} of ${bytesText(slot.memoryBytes)}`,
        heldText(slot),
      ]);
      context.say(`\n${table(["SLOT", "NAME", "STATE", "MEMORY", "BY"], rows, context.paint)}`);
      for (const advice of slots.map((slot) => silenceAdvice(slot)))
        if (advice !== null) context.say(`\n${advice}\n`);
      return EXIT.ok;
    }),
};

export const serverStop: Command = {
  name: "server stop",
  usage: "server stop",
  summary: "Stop the pool's server; trials go on, and the next command starts it again.",
  arguments: [],
  run: (context) =>
    withPool(context, async (connection) => {
      await connection.call("server/stop", {}, { signal: context.signal });
      context.document({});
      context.say("The server stops. Running trials go on.\n");
      return EXIT.ok;
    }),
};
