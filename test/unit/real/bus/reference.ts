/** dbus-next's marshalling, the reference for ours. The package has types for its main module only. */
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";

const require = createRequire(import.meta.url);

/** A message as dbus-next represents it. */
export interface PlainMessage {
  type: number;
  serial: number;
  flags?: number | undefined;
  path?: string | undefined;
  interface?: string | undefined;
  member?: string | undefined;
  errorName?: string | undefined;
  replySerial?: number | undefined;
  destination?: string | undefined;
  sender?: string | undefined;
  signature?: string | undefined;
  body?: unknown[];
}

interface MarshallCompat {
  marshallMessage(message: PlainMessage): [Buffer, unknown[]];
  messageToJsFmt(message: PlainMessage): Required<Pick<PlainMessage, "body" | "signature">> & PlainMessage;
}

interface MessageModule {
  unmarshalMessages(stream: Duplex, onMessage: (message: PlainMessage) => void, options: object): void;
  unmarshall(bytes: Buffer, options?: object): PlainMessage;
}

const compat = require("dbus-next/lib/marshall-compat.js") as MarshallCompat;
const messages = require("dbus-next/lib/message.js") as MessageModule;

export function referenceMarshal(message: PlainMessage): Buffer {
  // It modifies its argument.
  return compat.marshallMessage({ ...message })[0];
}

/** Calls `onMessage` with each message of a stream. */
export function referenceStream(stream: Duplex, onMessage: (message: PlainMessage) => void): void {
  messages.unmarshalMessages(stream, (message) => onMessage(compat.messageToJsFmt(message)), {});
}
