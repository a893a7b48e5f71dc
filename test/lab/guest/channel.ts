/** The guest's side of the result channel. */
import { openSync, writeSync } from "node:fs";
import type { Message } from "../protocol.js";

const DEVICE = "/dev/ttyS1";

let port: number | undefined;

/** Sends one record to the host. Blocks until the serial port has accepted it. */
export function send(message: Message): void {
  port ??= openSync(DEVICE, "w");
  const line = Buffer.from(`${JSON.stringify(message)}\n`, "utf8");
  let at = 0;
  while (at < line.length) at += writeSync(port, line, at);
}

/** Sends a line for a person at the host to read. */
export function note(text: string): void {
  send({ kind: "note", text });
}

/** Sends a named value to the host. */
export function payload(name: string, value: unknown): void {
  send({ kind: "payload", name, value });
}
