import fc from "fast-check";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  decodeRegistration,
  encodeRegistration,
  registerHost,
  type Registration,
} from "../../../src/core/codec/dim.js";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import { fromHex, toHex } from "../../../src/core/codec/text.js";
import { utf8Length } from "../../../src/core/domain/utf8.js";
import { parseIp } from "../../../src/core/domain/ip-address.js";
import { Milliseconds } from "../../../src/core/domain/units.js";

const command = z.strictObject({
  opcode: z.int(),
  nsid: z.int(),
  cdw10: z.int(),
  cdw11: z.int(),
  cdw12: z.int(),
  cdw13: z.int(),
  cdw14: z.int(),
  cdw15: z.int(),
  data: z.string(),
});
const recorded = z
  .object({
    entityName: z.string(),
    entityVersion: z.string(),
    cases: z
      .array(
        z.object({
          hostNqn: z.string(),
          hostId: z.string(),
          symname: z.string(),
          traddr: z.string(),
          command: command,
        }),
      )
      .min(1),
  })
  .parse(JSON.parse(readFileSync("test/fixtures/dim/registrations.json", "utf8")));

test.each(recorded.cases)("libnvme sends the same bytes for $symname to $traddr", ({ traddr, command, ...host }) => {
  const { entityName, entityVersion } = recorded;
  const family = parseIp(traddr)?.family ?? "ipv4";
  const { data, timeout, ...ours } = registerHost({ ...host, entityName, entityVersion, family }, Milliseconds(30_000));
  expect(timeout).toBe(30_000);
  const { data: theirs, ...dwords } = command;
  expect(ours).toEqual(dwords);
  expect(data.direction === "to-controller" ? toHex(data.bytes) : "").toBe(theirs);
});

/** Texts as padded fields return them: no NUL, no white space at either end. */
const fieldText = (bytesMax: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: "grapheme", maxLength: bytesMax })
    .map((text) => text.replaceAll("\0", "").trim())
    .filter((text) => utf8Length(text) <= bytesMax);

const registration: fc.Arbitrary<Registration> = fc.record({
  hostNqn: fieldText(223),
  hostId: fc.uuid(),
  entityName: fieldText(256),
  entityVersion: fieldText(64),
  symname: fieldText(256),
  family: fc.constantFrom("ipv4", "ipv6"),
});

test("a controller reads what the host registers", () => {
  fc.assert(
    fc.property(registration, (given) => {
      expect(decodeRegistration(encodeRegistration(given))).toEqual(given);
    }),
  );
});

const HOST: Registration = {
  hostNqn: "nqn.2014-08.org.nvmexpress:uuid:5f0e7a1c-2b7d-4ef1-9d0a-0c6a3f1b2c4d",
  hostId: "5f0e7a1c-2b7d-4ef1-9d0a-0c6a3f1b2c4d",
  entityName: "host",
  entityVersion: "Linux",
  symname: "",
  family: "ipv4",
};

test("names that do not fit are cut between characters; a value that cannot be cut is refused", () => {
  const long = decodeRegistration(
    encodeRegistration({ ...HOST, entityName: "é".repeat(200), entityVersion: "x".repeat(65) }),
  );
  expect(long.entityName).toBe("é".repeat(128));
  expect(long.entityVersion).toBe("x".repeat(64));
  const named = decodeRegistration(encodeRegistration({ ...HOST, symname: `${"x".repeat(255)}é` }));
  expect(named.symname).toBe("x".repeat(255));
  expect(() => encodeRegistration({ ...HOST, hostId: "none" })).toThrow(EncodeError);
});

test("a controller reads or refuses hostile bytes", () => {
  const good = encodeRegistration({ ...HOST, symname: "rack 7" });
  const read = (bytes: Uint8Array): void => {
    try {
      decodeRegistration(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  };
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
      const bytes = good.slice();
      bytes[at] = value;
      read(bytes);
      read(bytes.subarray(0, length));
    }),
    { numRuns: 2000 },
  );
  expect(() => decodeRegistration(fromHex(""))).toThrow(DecodeError);
});
