// @vitest-environment jsdom
import { expect, it } from "vitest";
import { pageHtml } from "../../../src/webviews/contract/html.ts";

const options = {
  cspSource: "https://*.vscode-cdn.net",
  nonce: "abc123",
  title: "Experiment",
  scriptUri: "https://x/experiment.js?a=1&b=2",
  styleUri: "https://x/experiment.css",
  state: { experimentId: 12, filter: `"><script>alert('x')</script>&amp;` },
};

const parsed = () => new DOMParser().parseFromString(pageHtml(options), "text/html");

it("allows scripts and styles by nonce and source alone", () => {
  const document = parsed();
  const csp = document.querySelector("meta[http-equiv]")?.getAttribute("content");
  expect(csp).toBe(
    "default-src 'none'; script-src 'nonce-abc123'; style-src https://*.vscode-cdn.net 'nonce-abc123'; font-src https://*.vscode-cdn.net",
  );
  expect(csp).not.toContain("unsafe");
  expect([...document.scripts].map((script) => [script.src, script.nonce, script.textContent])).toEqual([
    ["https://x/experiment.js?a=1&b=2", "abc123", ""],
  ]);
  expect(document.querySelector("meta[property=csp-nonce]")?.getAttribute("content")).toBe("abc123");
});

it("carries the state as data, whatever is in it", () => {
  const document = parsed();
  expect(JSON.parse(document.body.dataset.state ?? "")).toEqual(options.state);
  expect(document.querySelectorAll("script")).toHaveLength(1);
});
