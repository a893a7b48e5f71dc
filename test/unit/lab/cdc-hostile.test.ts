import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DimError, decodeRegistration } from "../../lab/cdc/dim.js";
import { PduError, PduStream } from "../../lab/cdc/pdu.js";
import { dial, live, startCdc } from "./cdc-kit.js";

/** A common header that is often plausible, followed by any bytes. */
const pdu = fc
  .record({
    type: fc.oneof(fc.constantFrom(0, 2, 4, 6), fc.nat(255)),
    flags: fc.constantFrom(0, 1, 4, 255),
    header: fc.oneof(fc.constantFrom(24, 72, 128), fc.nat(255)),
    start: fc.nat(255),
    length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(8264, 65_536, 0xffff_ffff)),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ type, flags, header, start, length, body }) => {
    const head = Buffer.from([type, flags, header, start, 0, 0, 0, 0]);
    head.writeUInt32LE(length, 4);
    return Buffer.concat([head, body]);
  });

const stream = fc.array(fc.oneof(pdu, fc.uint8Array({ maxLength: 200 })), { maxLength: 6 });

describe("hostile bytes from a host", () => {
  test("are cut into PDUs, or end the stream at the malformed header", () => {
    fc.assert(
      fc.property(stream, (chunks) => {
        const pdus = new PduStream();
        try {
          for (const chunk of chunks) {
            pdus.push(chunk);
            while (pdus.next() !== undefined);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(PduError);
          expect((error as PduError).header.length).toBeLessThanOrEqual(128);
        }
      }),
    );
  });

  test("are read as a registration, or rejected with a status", () => {
    const data = fc
      .tuple(fc.uint8Array({ minLength: 1024, maxLength: 2200 }), fc.nat(3), fc.boolean())
      .map(([bytes, task, honest]) => {
        const buffer = Buffer.from(bytes);
        if (honest) {
          buffer.writeUInt32LE(buffer.length, 0);
          buffer.writeBigUInt64LE(1n, 8);
          buffer.set([2, 0, 1, 0, 0, 0, 0x5f, 0], 16);
          if (buffer.length > 2056) buffer.writeUInt32LE(buffer.length - 1024, 2048);
        }
        return { buffer, task };
      });
    fc.assert(
      fc.property(data, ({ buffer, task }) => {
        try {
          expect(decodeRegistration(task, buffer).entries.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DimError);
        }
      }),
    );
  });

  test("do not harm the CDC", async () => {
    const cdc = await startCdc();
    for (const chunks of fc.sample(stream, 60)) {
      const host = await dial(cdc);
      for (const chunk of chunks) host.write(Buffer.from(chunk));
      host.socket.end();
      await host.closed;
    }
    expect((await (await live(cdc)).identify()).status).toBe(0);
  });
});
