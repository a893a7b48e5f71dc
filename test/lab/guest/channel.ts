/** The guest's side of the result channel. */
import { openSync, writeSync } from "node:fs";
import type { Message } from "../protocol.js";

const DEVICE = "/dev/ttyS1";

let port: number | undefined;

/** Sends one record to the host. Blocks until the serial port has taken it. */
export function send(message: Message): void {
  port ??= openSync(DEVICE, "w");
  const line = Buffer.from(`${JSON.stringify(message)}\n`, "utf8");
  let at = 0;
  while (at < line.length) at += writeSync(port, line, at);
}

/** A line for a person at the host. */
export function note(text: string): void {
  send({ kind: "note", text });
}

/** Hands a value to whoever started the guest, under a name. */
export function payload(name: string, value: unknown): void {
  send({ kind: "payload", name, value });
}
