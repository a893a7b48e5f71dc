/** Recordings of real kernels (test/fixtures/README.md), typed. */
import { readFileSync, readdirSync } from "node:fs";
import { z } from "zod";
import { encodeLatin1, fromHex } from "../../../src/core/codec/text.js";
import { CONTROLLER_ATTRIBUTES } from "../../../src/core/ports/sysfs.js";
import type { ControllerAttribute, SysfsRecord } from "../../../src/core/ports/sysfs.js";

const ROOT = new URL("../../fixtures/", import.meta.url);

function load<T>(path: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(new URL(path, ROOT), "utf8")));
}

const ueventFile = z.object({
  source: z.string(),
  kernel: z.string(),
  messages: z.array(z.object({ len: z.number(), lines: z.array(z.string()) })),
});

export interface RecordedUevent {
  readonly source: string;
  /** The length that recvmsg returned. */
  readonly length: number;
  readonly lines: readonly string[];
  readonly bytes: Uint8Array;
}

export function recordedUevents(): readonly RecordedUevent[] {
  return readdirSync(new URL("uevents/", ROOT))
    .sort()
    .flatMap((name) => {
      const file = load(`uevents/${name}`, ueventFile);
      return file.messages.map(({ len, lines }) => ({
        source: file.source,
        length: len,
        lines,
        bytes: encodeLatin1(lines.map((line) => `${line}\0`).join("")),
      }));
    });
}

const udevFile = z.object({ messages: z.array(z.object({ source: z.string(), hex: z.string() })) });

/** Messages of udev's own group, which are not kernel uevents. */
export function recordedUdevMessages(): readonly Uint8Array[] {
  return load("udev-messages.json", udevFile).messages.map(({ hex }) => fromHex(hex));
}

const optionLinesFile = z.object({ lines: z.array(z.object({ kernels: z.array(z.string()), text: z.string() })) });

/** The option line of a kernel series, `6.1` or `6.12`. */
export function recordedOptionLine(series: string): string {
  const lines = load("option-lines.json", optionLinesFile).lines;
  const line = lines.find(({ kernels }) => kernels.every((kernel) => kernel.startsWith(`${series}.`)));
  if (line === undefined) throw new Error(`no option line of ${series}`);
  return line.text;
}

const connectsFile = z.object({
  connects: z.array(
    z.object({
      source: z.string(),
      kernel: z.string(),
      text: z.string(),
      reply: z.string().optional(),
      errno: z.number().optional(),
    }),
  ),
});

export function recordedConnects(): z.infer<typeof connectsFile>["connects"] {
  return load("connects.json", connectsFile).connects;
}

const hexLines = z.array(z.tuple([z.number(), z.string()]));

/** Lines of 32 bytes at their offsets. A line that is absent is all zeros. */
function rebuild(lines: z.infer<typeof hexLines>, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [offset, hex] of lines) bytes.set(fromHex(hex), offset);
  return bytes;
}

const entry = z.object({
  trtype: z.number(),
  adrfam: z.number(),
  subtype: z.number(),
  treq: z.number(),
  portid: z.number(),
  cntlid: z.number(),
  asqsz: z.number(),
  eflags: z.number(),
  trsvcid: z.string(),
  subnqn: z.string(),
  traddr: z.string(),
  tsas: z.string(),
});

const page = z.object({
  source: z.string(),
  genctr: z.string(),
  numrec: z.number(),
  recfmt: z.number(),
  entries: z.array(entry),
});

const discoveryFile = z.object({ pages: z.array(page.extend({ hex: hexLines })), entriesOnly: z.array(page) });

export type RecordedEntry = z.infer<typeof entry>;

export function recordedDiscoveryPages() {
  return load("discovery-log.json", discoveryFile).pages.map((recorded) => ({
    ...recorded,
    bytes: rebuild(recorded.hex, 1024 * (1 + recorded.numrec)),
  }));
}

/** Entries as a second decoder printed them, from pages whose bytes were not recorded. */
export function recordedEntries(): readonly RecordedEntry[] {
  return load("discovery-log.json", discoveryFile).entriesOnly.flatMap(({ entries }) => entries);
}

const identifyFile = z.object({
  pages: z.array(
    z.object({
      source: z.string(),
      fields: z.object({
        sn: z.string(),
        mn: z.string(),
        fr: z.string(),
        cntlid: z.number(),
        oaes: z.number(),
        cntrltype: z.number(),
        subnqn: z.string(),
        dctype: z.number(),
      }),
      hex: hexLines.optional(),
    }),
  ),
});

export function recordedIdentifies() {
  return load("identify.json", identifyFile).pages.map(({ source, fields, hex }) => ({
    source,
    fields,
    bytes: hex === undefined ? undefined : rebuild(hex, 4096),
  }));
}

const sysfsFile = z.object({
  source: z.string(),
  kernel: z.string(),
  controllers: z.array(z.object({ name: z.string(), attributes: z.record(z.string(), z.string()) })),
});

/** Every recorded controller, as the sysfs port would read it. */
export function recordedControllers(): readonly { readonly source: string; readonly record: SysfsRecord }[] {
  return readdirSync(new URL("sysfs/", ROOT))
    .sort()
    .flatMap((name) => {
      const file = load(`sysfs/${name}`, sysfsFile);
      return file.controllers.map((controller) => {
        const attributes: Partial<Record<ControllerAttribute, string>> = {};
        for (const attribute of CONTROLLER_ATTRIBUTES) {
          const text = controller.attributes[attribute];
          if (text !== undefined) attributes[attribute] = text;
        }
        return { source: file.source, record: { name: controller.name, attributes } };
      });
    });
}

const addressFile = z.object({ addresses: z.array(z.object({ sources: z.array(z.string()), text: z.string() })) });

export function recordedAddresses(): readonly string[] {
  return load("addresses.json", addressFile).addresses.map(({ text }) => text);
}
