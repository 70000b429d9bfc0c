"""Captured files without any library: saved() as those call it, the supervisor's putting back, and leaving."""

import os
import signal
import time
import unittest

from faulty_disk import MISSING, FaultyDisk
from support import Pool, wait_for

ALL_PARTS = ["metrics", "parameters", "checkpoints", "preemption", "timing"]
HEAD = """
    import os, sys, time, trainyard
    from trainyard.capture import checkpoints, sink, storing
    def save(name, text="x", **how):
        if os.path.dirname(name): os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w") as file: file.write(text)
        checkpoints.saved("test", name, **how)
    def report(step): sink.scalar("test", "loss", 1 / (step + 1), step)
    def wait(name):
        while not os.path.exists(name): time.sleep(0.01)
"""


class CapturedFiles(Pool):
    def make(self, script="", **changes):
        return super().make(script, **{"capture": ALL_PARTS, **changes})

    def manifests(self):
        root = os.path.join(self.pool, "checkpoints")
        names = os.listdir(root) if os.path.isdir(root) else []
        there = [name for name in names if os.path.exists(os.path.join(root, name, "manifest.json"))]
        found = [self.read(os.path.join(root, name), "manifest.json") for name in there]
        return sorted(found, key=lambda manifest: manifest["createdAt"])

    def stored(self):
        """What each checkpoint has: its step and its files' texts."""
        root = os.path.join(self.pool, "checkpoints")
        return [
            (
                each["step"],
                {f["path"]: self.text(os.path.join(root, each["uuid"], "files"), f["path"]) for f in each["files"]},
            )
            for each in self.manifests()
        ]

    def good(self, script, **changes):
        run_dir, ended = self.run_script(script, **changes)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        return run_dir

    def warnings(self, run_dir):
        return {event["code"]: event["message"] for event in self.events(run_dir, "warning")}

    def touch(self, run_dir, name):
        open(os.path.join(run_dir, "work", name), "w").close()


class Saved(CapturedFiles):
    def test_what_becomes_a_checkpoint_when(self):
        script = (
            HEAD
            + """
    save("a", "1")                      # nothing was reported: they are counted
    storing.storer().flush()
    save("a", "2")
    storing.storer().flush()
    report(5)
    save("a", "3"); save("b", "4")
    report(5)                           # the same step once more
    save("c", "5")
    report(4)                           # back
    save("d", "6")
    report(6)
    save("e", "7", step=600, metadata={"epoch": 3, "odd": object()})
    save("f", "8", step=600)
    save("g", "9", step=700)
    os.makedirs("folder/sub")
    for name in ("folder/x", "folder/sub/y"): open(name, "w").write(name)
    os.symlink("x", "folder/link"); os.symlink("/etc/passwd", "folder/away")
    report(800)
    checkpoints.saved("test", "folder")
    os.chdir("folder")
    checkpoints.saved("test", "../b")
    checkpoints.saved("test", "/etc/hostname")
    checkpoints.saved("test", "nothing")
    """
        )
        run_dir = self.good(script)
        self.assertEqual(
            self.stored(),
            [
                (1, {"a": "1"}),
                (2, {"a": "2"}),
                (5, {"a": "3", "b": "4", "c": "5", "d": "6"}),
                (600, {"e": "7", "f": "8"}),
                (700, {"g": "9"}),
                (800, {"b": "4", "folder/link": "folder/x", "folder/sub/y": "folder/sub/y", "folder/x": "folder/x"}),
            ],
        )
        *_, told, _, last = self.manifests()
        self.assertEqual(told["metadata"]["epoch"], 3)
        self.assertEqual(told["metrics"], {"training/loss": 1 / 7})
        self.assertEqual(sorted(last["metadata"]["captured"]["beside"]), ["a", "c", "d", "e", "f", "g"])
        self.assertEqual(self.warnings(run_dir), {})

    def test_a_quiet_second_ends_it_and_no_report_does_while_another_file_is_saved(self):
        script = (
            HEAD
            + """
    report(1)
    save("a"); print("saved", flush=True)
    wait("go")
    """
        )
        run_dir = self.make(script)
        self.start(run_dir)
        wait_for(self.manifests, "a checkpoint, while the script goes on")
        self.touch(run_dir, "go")
        self.finish(run_dir)
        self.assertEqual(self.stored(), [(1, {"a": "x"})])

    def test_who_saves_faster_than_can_be_stored_gets_the_newest(self):
        script = (
            HEAD
            + """
    storer = storing.storer()
    with storer._storing:               # as if a large one were being stored
        for step in range(5):
            report(step)
            save("last", str(step))
            if step == 2: save("best", "2")
        report(5)
        save("last", "5"); save("other", "5")
        report(6)
        time.sleep(0.5)
    """
        )
        run_dir = self.good(script)
        self.assertEqual(
            self.stored(), [(2, {"last": "2", "best": "2"}), (5, {"last": "5", "other": "5"})], self.text(run_dir, "stderr.log")
        )
        self.assertIn("capture_checkpoints_skipped", self.warnings(run_dir))
        self.assertEqual(len(os.listdir(os.path.join(self.pool, "checkpoints"))), 2)

    def test_forks_and_threads(self):
        script = (
            HEAD
            + """
    import multiprocessing, threading
    report(1)
    save("before", "parent")
    def child(name):
        save(name, name)
    one = multiprocessing.get_context("fork").Process(target=child, args=("forked",))
    one.start(); one.join()
    threads = [threading.Thread(target=child, args=("thread%d" % number,)) for number in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    pid = os.fork()
    if pid == 0:
        report(2)
        save("alone", "alone")
        storing.storer().flush()
        os._exit(0)
    os.waitpid(pid, 0)
    """
        )
        run_dir = self.good(script)
        every = {"before": "parent", "forked": "forked", **{"thread%d" % n: "thread%d" % n for n in range(8)}}
        self.assertEqual(sorted(self.stored(), key=repr), sorted([(1, every), (2, {"alone": "alone"})], key=repr))
        self.assertEqual(self.warnings(run_dir), {})

    def test_the_step_of_a_script_that_only_prints(self):
        script = (
            HEAD
            + """
    save("a", "none")
    storing.storer().flush()
    for epoch in range(3, 6):
        print("epoch=%d loss=0.5" % epoch)
        save("a", str(epoch)); save("b", str(epoch))
        storing.storer().flush()
    """
        )
        self.good(script)
        steps = [(epoch, {"a": str(epoch), "b": str(epoch)}) for epoch in (3, 4, 5)]
        self.assertEqual(self.stored(), [(1, {"a": "none"}), *steps])

    def test_a_signal_handler_that_saves(self):
        script = (
            HEAD
            + """
    import signal
    caught = []
    def handler(number, frame):
        caught.append(number)
        save("handler%d" % len(caught))
    signal.signal(signal.SIGALRM, handler)
    began = time.monotonic()
    for number in range(200):
        signal.setitimer(signal.ITIMER_REAL, 0.0002 * (number % 10 + 1))   # somewhere in the middle of it
        save("file%d" % number)
        while len(caught) <= number: time.sleep(0.0001)
    assert time.monotonic() - began < 45, time.monotonic() - began  # nobody waited in vain for itself
    """
        )
        self.good(script)
        self.assertEqual(len({name for _, files in self.stored() for name in files if name.startswith("file")}), 200)

    def test_parts_that_are_not_captured(self):
        self.good(HEAD + '    save("a")\n', capture=["metrics"])
        self.assertEqual(self.stored(), [])


class PutBack(CapturedFiles):
    FIRST = (
        HEAD
        + """
    report(1); save("sub/best", "best"); save("other", "other")
    report(2); save("sub/last", "last")
    """
    )
    SHOW = """
    import os
    from trainyard.capture import checkpoints
    print([os.path.relpath(path) for path in checkpoints.put_back()])
    for folder, _, names in os.walk("."):
        for name in sorted(names):
            if name != "train.py": print(os.path.join(folder, name), open(os.path.join(folder, name)).read())
    for name in ("sub/last", "other"):
        if os.path.exists(name): open(name, "a").write("!")
    """

    def continued(self, script=SHOW, uuid=None, **changes):
        last = self.manifests()[-1]
        latest = {"uuid": uuid or last["uuid"], "step": last["step"]}
        return self.run_script(script, name="1.1.2", latestCheckpoint=latest, **changes)

    def test_what_was_saved_is_there_again_writable(self):
        self.good(self.FIRST)
        before = self.stored()
        run_dir, ended = self.continued()
        self.assertEqual(
            self.text(run_dir, "stdout.log").splitlines(),
            ["['sub/best', 'other', 'sub/last']", "./other other", "./sub/best best", "./sub/last last"],
            self.text(run_dir, "stderr.log"),
        )
        self.assertEqual(ended["code"], 0)
        self.assertEqual(self.stored(), before, "the checkpoint has files of its own")

    def test_without_our_hooks_and_in_a_folder(self):
        os.makedirs(os.path.join(self.pool, "runs"))
        run_dir = self.make("", directory="deep", name="1.1.1")
        os.makedirs(os.path.join(run_dir, "work", "deep"))
        os.rename(os.path.join(run_dir, "work", "train.py"), os.path.join(run_dir, "work", "deep", "train.py"))
        with open(os.path.join(run_dir, "work", "deep", "train.py"), "w") as file:
            file.write(__import__("textwrap").dedent(self.FIRST))
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        import sys

        argv = [sys.executable, "-I", "-c", "print(open('sub/last').read(), open('other').read())"]
        last = self.manifests()[-1]
        again = self.make(
            name="1.1.2",
            directory="deep",
            entrypoint={"kind": "command", "argv": argv},
            latestCheckpoint={"uuid": last["uuid"], "step": 2},
        )
        os.makedirs(os.path.join(again, "work", "deep"))
        self.start(again)
        self.finish(again)
        self.assertEqual(self.text(again, "stdout.log"), "last other\n")

    def test_what_is_beside_may_be_gone_and_what_is_own_may_not(self):
        self.good(self.FIRST)
        first, last = self.manifests()
        root = os.path.join(self.pool, "checkpoints")
        os.rename(os.path.join(root, first["uuid"]), os.path.join(root, "collected"))
        run_dir, ended = self.continued()
        self.assertEqual(ended["code"], 0)
        self.assertIn("./sub/last last", self.text(run_dir, "stdout.log"))
        self.assertNotIn("best", self.text(run_dir, "stdout.log"))
        self.assertRegex(self.warnings(run_dir)["put_back"], "of the checkpoint .* is not put back: No such file")
        path = os.path.join(root, last["uuid"], "files", "sub", "last")
        os.chmod(path, 0o600)
        with open(path, "a") as file:
            file.write("damage")
        self.put(os.path.dirname(run_dir), "keep.json", {})
        os.rename(run_dir, run_dir + "-before")
        run_dir, ended = self.continued()
        self.assertEqual(ended["launchError"]["kind"], "directory")
        self.assertIn("it is damaged: it has 10 bytes, its manifest says 4", ended["launchError"]["message"])
        self.assertFalse(os.path.exists(os.path.join(run_dir, "work", "sub", "last")))

    def test_no_link_and_no_name_leads_out(self):
        self.good(self.FIRST)
        first, last = self.manifests()
        outside = os.path.join(self.pool, "outside")
        os.makedirs(outside)
        folder = os.path.join(self.pool, "checkpoints", last["uuid"])
        last["metadata"]["captured"]["beside"] = {
            "../escaped": first["uuid"],
            "/tmp/escaped": first["uuid"],
            "nul\0": first["uuid"],
            "other": "../" + first["uuid"],
            "list": [],
            "sub/best": first["uuid"],
        }
        self.put(folder, "manifest.json", last)
        run_dir = self.make(self.SHOW, name="1.1.2", latestCheckpoint={"uuid": last["uuid"], "step": 2})
        os.symlink(outside, os.path.join(run_dir, "work", "sub"))
        self.start(run_dir)
        ended = self.finish(run_dir)
        self.assertIn("its folder is a link out of the working directory", ended["launchError"]["message"])
        self.assertEqual(os.listdir(outside), [])
        self.assertFalse(os.path.exists(os.path.join(run_dir, "escaped")))

    def test_a_manifest_of_the_scripts_own_puts_nothing_back(self):
        self.good(HEAD + "    with trainyard.init().checkpoint(1, captured=3) as path: (path / 'w').write_text('w')\n")
        run_dir, ended = self.continued()
        self.assertEqual(self.text(run_dir, "stdout.log"), "[]\n")


class Leaving(CapturedFiles):
    PLAIN = (
        HEAD
        + """
    print("begun", flush=True)
    wait("save")
    report(1); save("last")
    time.sleep(600)
    """
    )

    def asked(self, script, action, number=1, **changes):
        run_dir = self.make(script, **changes)
        self.start(run_dir)
        self.say(run_dir, "begun")
        self.control(run_dir, number, action)
        return run_dir

    def test_a_plain_script_goes_right_after_its_next_checkpoint(self):
        for number, action in enumerate(("pause", "preempt"), 1):
            run_dir = self.asked(self.PLAIN, action, number, name="1.%d.1" % number)
            time.sleep(0.5)
            self.assertFalse(os.path.exists(os.path.join(run_dir, "exit.json")), "nothing was saved yet")
            self.touch(run_dir, "save")
            ended = self.finish(run_dir)
            self.assertEqual(ended["acknowledged"], {"control": number, "action": action})
            self.assertEqual((ended["signal"], ended["escalated"]), ("SIGTERM", None))
            self.assertEqual(self.stored()[-1], (1, {"last": "x"}))

    def test_its_whole_tree_goes(self):
        entry = {"kind": "shell", "command": "%s train.py & sleep 600 & wait" % __import__("sys").executable}
        run_dir = self.asked(self.PLAIN, "pause", entrypoint=entry)
        self.touch(run_dir, "save")
        ended = self.finish(run_dir)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        self.assertEqual((ended["signal"], ended["escalated"]), ("SIGTERM", None))

    def test_one_that_saves_nothing_goes_in_the_end(self):
        run_dir = self.asked(self.PLAIN, "pause", preemptionTimeoutS=1)
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["escalated"], ended["acknowledged"]), ("SIGKILL", "SIGKILL", None))

    def test_who_looks_itself_is_not_ended_by_us(self):
        script = self.PLAIN.replace("time.sleep(600)", "time.sleep(2.5); print('my own way')").replace(
            'wait("save")', 'wait("save"); trainyard.should_stop()'
        )
        run_dir = self.asked(script, "pause")
        self.touch(run_dir, "save")
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertIn("my own way", self.text(run_dir, "stdout.log"))

    def test_a_framework_stores_first_and_leaves(self):
        script = (
            HEAD
            + """
    assert not checkpoints.asked_to_leave()
    print("begun", flush=True)
    while not checkpoints.asked_to_leave(): time.sleep(0.05)
    report(3); save("last", "whole")
    checkpoints.leave("the Trainer has saved, and leaves")
    print("not reached")
    """
        )
        run_dir = self.asked(script, "preempt")
        ended = self.finish(run_dir)
        self.assertEqual((ended["signal"], ended["acknowledged"]["action"]), ("SIGTERM", "preempt"))
        self.assertEqual(self.stored(), [(3, {"last": "whole"})])
        self.assertIn("the Trainer has saved, and leaves", self.text(run_dir, "stderr.log"))
        self.assertNotIn("not reached", self.text(run_dir, "stdout.log"))

    def test_not_without_that_part(self):
        script = self.PLAIN.replace("time.sleep(600)", "time.sleep(2.5)")
        run_dir = self.asked(script, "pause", capture=["checkpoints", "metrics"])
        self.touch(run_dir, "save")
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["acknowledged"]), (0, None))

    def test_a_kill_during_a_save_leaves_no_checkpoint_of_it(self):
        script = (
            HEAD
            + """
    report(1); save("a")
    storing.storer().flush()
    report(2)
    storing.storer().saving += 1       # the library has begun to write
    with open("b", "w") as file:
        file.write("half"); file.flush()
        print("begun", flush=True)
        time.sleep(600)
    """
        )
        run_dir = self.make(script)
        self.start(run_dir)
        self.say(run_dir, "begun")
        os.kill(self.read(run_dir, "supervisor.json")["script"]["pid"], signal.SIGKILL)
        self.finish(run_dir)
        self.assertEqual(self.stored(), [(1, {"a": "x"})])


@unittest.skipIf(MISSING, MISSING)
class Disk(CapturedFiles):
    def test_what_does_not_fit_is_a_warning_and_training_goes_on(self):
        script = (
            HEAD
            + """
    report(1); save("a", "1")
    storing.storer().flush()
    print("begun", flush=True)
    wait("full")
    report(2); save("a", "2"); save("b", "2")
    storing.storer().flush()
    print("went on", flush=True)
    wait("healed")
    report(3); save("a", "3")
    """
        )
        disk = FaultyDisk(self.pool)
        run_dir = self.make(script)
        self.start(run_dir, env=disk.env)
        self.say(run_dir, "begun")
        disk.fail(("write,open,fsync", "ENOSPC", os.path.join(self.pool, "checkpoints")))
        self.touch(run_dir, "full")
        self.say(run_dir, "went on")
        disk.heal()
        self.touch(run_dir, "healed")
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual(self.stored(), [(1, {"a": "1"}), (3, {"a": "3"})])
        self.assertIn("training can go on", self.warnings(run_dir)["checkpoint_not_stored"])
        self.assertEqual(len(os.listdir(os.path.join(self.pool, "checkpoints"))), 2)


class Newest(unittest.TestCase):
    def test_what_another_process_stored_later_of_an_earlier_save_is_not_the_newest(self):
        from trainyard.capture import groups

        state = {"newest": {}, "numbers": {}}
        later = {"uuid": "b", "number": 2, "files": {"last.pt": 0}}
        earlier = {"uuid": "a", "number": 1, "files": {"last.pt": 0, "other.pt": 0}}
        for group in (later, earlier):
            groups.remember(state, group, lambda name: True)
        self.assertEqual(state["newest"], {"last.pt": "b", "other.pt": "a"})
        groups.remember(state, {"uuid": "c", "number": 3, "files": {"third.pt": 0}}, lambda name: name != "other.pt")
        self.assertEqual(state, {"newest": {"last.pt": "b", "third.pt": "c"}, "numbers": {"last.pt": 2, "third.pt": 3}})


if __name__ == "__main__":
    unittest.main()
