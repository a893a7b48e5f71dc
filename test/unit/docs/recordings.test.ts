/** Every recording of test/fixtures is what the log in its `source` shows. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { shippedLogs } from "./citations.js";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const logs = shippedLogs();

function read<T>(path: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(new URL(path, FIXTURES), "utf8")));
}

function logOf(source: string): string {
  const text = logs.get(source.replace(/\.log$/, ""));
  if (text === undefined) throw new Error(`no log ${source}`);
  return text;
}

/** Those of the texts that are not in the log. */
function missing(source: string, texts: readonly string[]): readonly string[] {
  const log = logOf(source);
  return texts.filter((text) => !log.includes(text)).map((text) => `${source}: ${text}`);
}

const json = (text: string): string => JSON.stringify(text);
const hexLines = z.array(z.tuple([z.number(), z.string()])).optional();

function hexTexts(lines: z.infer<typeof hexLines>): readonly string[] {
  return (lines ?? []).map(([offset, hex]) => `  ${offset.toString(16).padStart(4, "0")}: ${hex}\n`);
}

test.each(readdirSync(new URL("uevents/", FIXTURES)))("uevents/%s", (name) => {
  const file = read(
    `uevents/${name}`,
    z.object({
      source: z.string(),
      messages: z.array(z.object({ len: z.number(), lines: z.array(z.string()) })).nonempty(),
    }),
  );
  const texts = file.messages.map(({ len, lines }) =>
    [` len=${String(len)} last=0`, ...lines.map((line) => `    ${json(line)}`), ""].join("\n"),
  );
  expect(missing(file.source, texts)).toEqual([]);
});

const NAMED = z.record(z.string(), z.string());

test.each(readdirSync(new URL("sysfs/", FIXTURES)))("sysfs/%s", (name) => {
  const directory = z.object({
    path: z.string(),
    realpath: z.string(),
    attributes: NAMED,
    writeOnly: z.array(z.string()),
    links: NAMED,
  });
  const file = read(
    `sysfs/${name}`,
    z.object({
      source: z.string(),
      controllers: z.array(directory).nonempty(),
      subsystems: z.array(directory),
    }),
  );
  for (const { path, realpath, attributes, writeOnly, links } of [...file.controllers, ...file.subsystems]) {
    const blocks = logOf(file.source)
      .split(/^(?=SYSFS )/m)
      .filter((block) => block.startsWith(`SYSFS ${path}  (realpath ${realpath})\n`));
    const texts = [
      ...Object.entries(attributes).map(([attribute, value]) => ` ${attribute} = ${json(value)}\n`),
      ...writeOnly.map((attribute) => ` ${attribute} (write-only)\n`),
      ...Object.entries(links).map(([link, target]) => ` ${link} -> ${target}\n`),
    ];
    expect(texts.length, path).toBeGreaterThan(0);
    expect(
      blocks.some((block) => texts.every((text) => block.includes(text))),
      `${path} of ${file.source}`,
    ).toBe(true);
  }
});

describe("one file of many logs", () => {
  test("connects.json", () => {
    const connect = z.object({
      source: z.string(),
      text: z.string(),
      reply: z.string().optional(),
      errno: z.number().optional(),
    });
    const { connects } = read("connects.json", z.object({ connects: z.array(connect).nonempty() }));
    for (const { source, text, reply, errno } of connects) {
      const start =
        reply === undefined ? `CONNECT-FAIL ${json(text)} -> ` : `CONNECT ${json(text)} -> ${json(reply)} in `;
      const lines = logOf(source)
        .split("\n")
        .filter((line) => line.includes(` ${start}`));
      const wanted = errno === undefined ? "" : ` errno=-${String(errno)} `;
      expect(
        lines.some((line) => line.includes(wanted)),
        `${source}: ${text}`,
      ).toBe(true);
    }
  });

  test("option-lines.json and addresses.json", () => {
    const texts = z.array(z.object({ sources: z.array(z.string()).nonempty(), text: z.string() })).nonempty();
    const { lines } = read("option-lines.json", z.object({ lines: texts }));
    const { addresses } = read("addresses.json", z.object({ addresses: texts }));
    const absent = [
      ...lines.flatMap(({ sources, text }) => sources.flatMap((source) => missing(source, [`\n${json(text)}\n`]))),
      ...addresses.flatMap(({ sources, text }) => sources.flatMap((source) => missing(source, [text]))),
    ];
    expect(absent).toEqual([]);
  });

  test("udev-messages.json", () => {
    const message = z.object({ source: z.string(), hex: z.string() });
    const { messages } = read("udev-messages.json", z.object({ messages: z.array(message).nonempty() }));
    expect(messages.flatMap(({ source, hex }) => missing(source, [`    hex ${hex}\n`]))).toEqual([]);
  });

  test("identify.json", () => {
    const page = z.object({
      source: z.string(),
      fields: z.object({ sn: z.string(), mn: z.string(), fr: z.string(), subnqn: z.string() }),
      hex: hexLines,
    });
    const { pages } = read("identify.json", z.object({ pages: z.array(page).nonempty() }));
    const absent = pages.flatMap(({ source, fields, hex }) =>
      missing(source, [...Object.entries(fields).map(([name, value]) => ` ${name}=${json(value)} `), ...hexTexts(hex)]),
    );
    expect(absent).toEqual([]);
  });

  test("discovery-log.json", () => {
    const entry = z.record(z.string(), z.union([z.string(), z.number()]));
    const page = z.object({
      source: z.string(),
      genctr: z.string(),
      numrec: z.number(),
      recfmt: z.number(),
      entries: z.array(entry),
      hex: hexLines,
    });
    const file = read(
      "discovery-log.json",
      z.object({ pages: z.array(page).nonempty(), entriesOnly: z.array(page).nonempty() }),
    );
    const absent = [...file.pages, ...file.entriesOnly].flatMap(({ source, genctr, numrec, recfmt, entries, hex }) => {
      const shown = entries.map((fields, index) => {
        const cntlid = `0x${Number(fields["cntlid"]).toString(16)}`;
        return `  entry ${String(index)}: ${JSON.stringify({ ...fields, cntlid })}\n`;
      });
      const head = `genctr=${genctr} numrec=${String(numrec)} recfmt=${String(recfmt)} `;
      return missing(source, [head, shown.join(""), ...hexTexts(hex)]);
    });
    expect(absent).toEqual([]);
  });
});
