/** An Avahi on the test's own bus: hands out objects, counts them, and sends what the test wants. */
import { AVAHI, BROWSER, RESOLVER } from "../../../../src/adapters/real/avahi/wire.js";
import type { PlainMessage } from "../bus/reference.js";
import { CALL, ERROR, REPLY, SIGNAL, type TestBus } from "../bus/test-bus.js";

/** An announced item: interface index, protocol, name. */
export interface FakeItem {
  readonly index: number;
  readonly protocol: number;
  readonly name: string;
  readonly type?: string;
}

interface FakeAnswer {
  readonly protocol?: number;
  readonly address?: string;
  readonly port?: number;
  readonly txt?: readonly (string | Buffer)[];
}

export class FakeAvahi {
  readonly unique: string;
  /** Objects created and not freed, by path, with the arguments of their creation. */
  readonly objects = new Map<string, readonly unknown[]>();
  /** Freed paths that did not exist. */
  readonly wrong: string[] = [];
  /** Errors by member, sent instead of an answer. */
  readonly refuses = new Map<string, string>();
  /** Sees each new resolver. */
  onResolver: (path: string, args: readonly unknown[]) => void = () => undefined;
  readonly #bus: TestBus;
  #next = 1;

  constructor(bus: TestBus) {
    this.#bus = bus;
    this.unique = bus.join((message) => {
      if (message.type === CALL) this.#onCall(message);
    });
    bus.own(AVAHI, this.unique);
  }

  /** The paths of the objects of one kind. */
  paths(kind: "browser" | "resolver"): readonly string[] {
    return [...this.objects.keys()].filter((path) => path.startsWith(`/${kind}/`));
  }

  comes(item: FakeItem): void {
    this.#item("ItemNew", item);
  }

  goes(item: FakeItem): void {
    this.#item("ItemRemove", item);
  }

  found(item: FakeItem, answer: FakeAnswer = {}): void {
    this.signal(RESOLVER, "Found", "iissssisqaayu", foundBody(item, answer));
  }

  signal(of: string, member: string, signature: string, body: readonly unknown[], path = "/somewhere"): void {
    this.#bus.send(this.unique, { type: SIGNAL, path, interface: of, member, signature, body: [...body] });
  }

  #item(member: string, { index, protocol, name, type = "_nvme-disc._tcp" }: FakeItem): void {
    this.signal(BROWSER, member, "iisssu", [index, protocol, name, type, "local", 4]);
  }

  #onCall(message: PlainMessage): void {
    const { serial, sender, member = "", path = "", body = [] } = message;
    const to = { destination: sender, replySerial: serial };
    const error = this.refuses.get(member);
    if (error !== undefined) {
      this.#bus.send(this.unique, { ...to, type: ERROR, errorName: error, signature: "s", body: [""] });
      return;
    }
    if (member === "Free") {
      if (!this.objects.delete(path)) this.wrong.push(path);
      this.#bus.send(this.unique, { ...to, type: REPLY });
      return;
    }
    const made = `/${member === "ServiceBrowserNew" ? "browser" : "resolver"}/${String(this.#next++)}`;
    this.objects.set(made, body);
    this.#bus.send(this.unique, { ...to, type: REPLY, signature: "o", body: [made] });
    if (member === "ServiceResolverNew") this.onResolver(made, body);
  }
}

export function foundBody(
  { index, protocol, name, type = "_nvme-disc._tcp" }: FakeItem,
  { protocol: of = protocol, address = "10.0.0.7", port = 8009, txt = ["p=tcp"] }: FakeAnswer,
): readonly unknown[] {
  const strings = txt.map((one) => Buffer.from(one));
  return [index, protocol, name, type, "local", "far.local", of, address, port, strings, 4];
}
