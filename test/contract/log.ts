import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { suiteOf } from "./kit.js";

const behaviour = suiteOf("log");

async function lines(host: ContractHost): Promise<readonly string[]> {
  await host.settled();
  return host.logged().map(({ level, text }) => `${level}: ${text}`);
}

export const LOG: readonly Behaviour[] = [
  behaviour(
    "each record is one line with its level",
    ["error: one", "warning: two", "notice: three", "info: four", "debug: five"],
    async (host) => {
      const { log } = host.ports;
      log.write({ level: "error", text: "one" });
      log.write({ level: "warning", text: "two" });
      log.write({ level: "notice", text: "three" });
      log.write({ level: "info", text: "four" });
      log.write({ level: "debug", text: "five" });
      return await lines(host);
    },
  ),
  behaviour("no text can forge a line", ["1 line, info", "1 line, info"], async (host) => {
    const shown: string[] = [];
    for (const text of ["one\n<0>two\r\n<1>three", "one\u2028two\u0000three\u001b[2J"]) {
      const before = host.logged().length;
      host.ports.log.write({ level: "info", text });
      await host.settled();
      const after = host.logged().slice(before);
      shown.push(
        `${String(after.length)} line${after.length === 1 ? "" : "s"}, ${after.map(({ level }) => level).join(" ")}`,
      );
    }
    return shown;
  }),
];
