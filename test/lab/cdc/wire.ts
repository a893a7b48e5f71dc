/** A CDC in another process, with one JSON record per line: requests on its standard input, answers on its standard output. */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { Cdc, type CdcControl, type Change, type Options, type Port, type Seen } from "./cdc.js";

/** A request. The first is `start`. The CDC itself validates options and changes. */
const requestSchema = z.discriminatedUnion("ask", [
  z.object({ ask: z.literal("start"), id: z.int(), options: z.custom<Options>() }),
  z.object({ ask: z.literal("change"), id: z.int(), change: z.custom<Change>() }),
  z.object({ ask: z.literal("seen"), id: z.int() }),
  z.object({ ask: z.literal("close"), id: z.int() }),
]);

type Request = z.infer<typeof requestSchema>;
/** A request without its number. */
type Question = Request extends infer One ? (One extends Request ? Omit<One, "id"> : never) : never;

const answerSchema = z.object({ id: z.int(), failed: z.string().optional(), value: z.unknown().optional() });

/** Runs one CDC that takes requests from `input`. Resolves when the CDC is closed or `input` ends. */
export async function serveCdc(input: Readable, output: Writable): Promise<void> {
  let cdc: Cdc | undefined;
  const carryOut = async (request: Request): Promise<unknown> => {
    if (request.ask === "start") {
      if (cdc !== undefined) throw new Error("it has started already");
      cdc = await Cdc.start(request.options);
      return cdc.ports;
    }
    if (cdc === undefined) throw new Error("it has not started");
    if (request.ask === "change") return cdc.change(request.change);
    return request.ask === "seen" ? cdc.seen() : cdc.close();
  };
  for await (const line of createInterface({ input })) {
    const request = requestSchema.parse(JSON.parse(line));
    const answer = await carryOut(request).then(
      (value) => ({ id: request.id, value }),
      (error: unknown) => ({ id: request.id, failed: error instanceof Error ? error.message : "no error" }),
    );
    output.write(`${JSON.stringify(answer)}\n`);
    if (request.ask === "close") break;
  }
  await cdc?.close();
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The other end of `serveCdc`. */
export class WiredCdc implements CdcControl {
  readonly #output: Writable;
  readonly #waiting = new Map<number, Waiting>();
  #ports: readonly Port[] = [];
  #nextId = 1;
  #over = false;

  /** `input` carries the CDC's answers, `output` its requests. Rejects if the CDC does not start. */
  static async start(options: Options, input: Readable, output: Writable): Promise<WiredCdc> {
    const wired = new WiredCdc(input, output);
    wired.#ports = (await wired.#ask({ ask: "start", options })) as readonly Port[];
    return wired;
  }

  private constructor(input: Readable, output: Writable) {
    this.#output = output;
    output.on("error", () => this.#end());
    createInterface({ input })
      .on("line", (line) => this.#answered(line))
      .on("close", () => this.#end());
  }

  get ports(): readonly Port[] {
    return this.#ports;
  }

  async change(change: Change): Promise<void> {
    await this.#ask({ ask: "change", change });
  }

  async seen(): Promise<Seen> {
    return (await this.#ask({ ask: "seen" })) as Seen;
  }

  async close(): Promise<void> {
    if (!this.#over) await this.#ask({ ask: "close" });
  }

  #ask(question: Question): Promise<unknown> {
    if (this.#over) return Promise.reject(new Error("the CDC's process has ended"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#output.write(`${JSON.stringify({ ...question, id })}\n`);
    });
  }

  #answered(line: string): void {
    const { id, failed, value } = answerSchema.parse(JSON.parse(line));
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failed === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(failed));
  }

  #end(): void {
    this.#over = true;
    for (const { reject } of this.#waiting.values()) reject(new Error("the CDC's process has ended"));
    this.#waiting.clear();
  }
}
