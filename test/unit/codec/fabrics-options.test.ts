import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import {
  CONNECT_STRING_BYTES_MAX,
  decodeOptionString,
  encodeConnectOptions,
  encodeConnectReply,
  fitsOption,
  parseConnectReply,
  parseSupportedOptions,
  unsupportedOptions,
} from "../../../src/core/codec/fabrics-options.js";
import type { ConnectRequest } from "../../../src/core/codec/fabrics-options.js";
import type { ConnectionOptions } from "../../../src/core/domain/connection-options.js";
import { Seconds } from "../../../src/core/domain/units.js";
import { recordedConnects, recordedOptionLine } from "./fixtures.js";

const connects = recordedConnects();

const NO_OPTIONS: ConnectionOptions = {
  hdrDigest: false,
  dataDigest: false,
  kato: undefined,
  nrIoQueues: undefined,
  nrWriteQueues: undefined,
  nrPollQueues: undefined,
  queueSize: undefined,
  reconnectDelay: undefined,
  ctrlLossTmo: undefined,
  disableSqflow: false,
  dhchapSecret: undefined,
  dhchapCtrlSecret: undefined,
  tls: false,
  keyring: undefined,
  tlsKey: undefined,
};

const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
const HOST_ID = "11111111-2222-3333-4444-555555555555";

const REQUEST: ConnectRequest = {
  transportId: {
    transport: "tcp",
    traddr: "127.0.0.1",
    trsvcid: "8009",
    subsysnqn: "nqn.2014-08.org.nvmexpress.discovery",
    hostTraddr: "",
    hostIface: "",
    hostNqn: "",
  },
  hostNqn: HOST_NQN,
  hostId: HOST_ID,
  discovery: false,
  options: NO_OPTIONS,
};

/** The request that a recorded connect string stands for, or `undefined` if no request can say all of it. */
function requestOf(text: string): ConnectRequest | undefined {
  const options = decodeOptionString(text);
  const word = (key: string): string => {
    const value = options.get(key) ?? "";
    return value === true ? "" : value;
  };
  const count = (key: string): number | undefined => (options.has(key) ? Number(word(key)) : undefined);
  const seconds = (key: string): Seconds | undefined => (options.has(key) ? Seconds(Number(word(key))) : undefined);
  const transport = word("transport");
  if (transport !== "tcp" && transport !== "rdma" && transport !== "loop") return undefined;
  return {
    transportId: {
      transport,
      traddr: word("traddr"),
      trsvcid: word("trsvcid"),
      subsysnqn: word("nqn"),
      hostTraddr: word("host_traddr"),
      hostIface: word("host_iface"),
      hostNqn: "",
    },
    hostNqn: word("hostnqn"),
    hostId: word("hostid"),
    discovery: options.has("discovery"),
    options: {
      ...NO_OPTIONS,
      hdrDigest: options.has("hdr_digest"),
      dataDigest: options.has("data_digest"),
      kato: seconds("keep_alive_tmo"),
      nrIoQueues: count("nr_io_queues"),
      queueSize: count("queue_size"),
      reconnectDelay: seconds("reconnect_delay"),
      ctrlLossTmo: seconds("ctrl_loss_tmo"),
      dhchapSecret: options.has("dhchap_secret") ? word("dhchap_secret") : undefined,
    },
  };
}

/** Options that a rig wrote and this project never writes. */
const FOREIGN = ["duplicate_connect", "tos", "tls", "fast_io_fail_tmo", "foo"];

describe("recorded connect strings", () => {
  it("are present for both kernels, accepted and refused", () => {
    expect(connects.length).toBeGreaterThan(150);
    expect(connects.filter(({ reply }) => reply !== undefined).length).toBeGreaterThan(60);
  });

  it("decode, whether or not the kernel accepted them", () => {
    for (const { text } of connects) expect(() => decodeOptionString(text)).not.toThrow();
  });

  it("hold only options that their kernel knows, if it accepted them", () => {
    for (const { kernel, text, reply } of connects) {
      const unknown = unsupportedOptions(text, parseSupportedOptions(recordedOptionLine(kernel)));
      if (reply !== undefined) expect(unknown).toEqual([]);
    }
    const refused = connects.find(({ text }) => text.endsWith(",foo=1"));
    expect(refused?.errno).toBe(22);
    expect(unsupportedOptions(refused?.text ?? "", parseSupportedOptions(recordedOptionLine("6.12")))).toEqual(["foo"]);
  });

  it("survive a round trip through a request", () => {
    let same = 0;
    for (const { text } of connects) {
      const options = decodeOptionString(text);
      const request = requestOf(text);
      if (request === undefined || FOREIGN.some((key) => options.has(key)) || text.length > 1000) continue;
      const encoded = encodeConnectOptions(request);
      expect(new Map(decodeOptionString(encoded))).toEqual(new Map(options));
      if (encoded === text) same++;
    }
    // The rig did not keep one order: flags and intervals moved about.
    expect(same).toBeGreaterThan(90);
  });

  it("have replies that survive a round trip", () => {
    for (const { reply } of connects) {
      if (reply !== undefined) expect(encodeConnectReply(parseConnectReply(reply))).toBe(reply);
    }
  });

  it("let the last of a repeated key win, like the kernel", () => {
    const twice = connects.find(({ text }) => text.startsWith("nqn=nqn.2024-01.io.lab:subsys-a,nqn="));
    expect(twice?.reply).toBe("instance=0,cntlid=1\n");
    expect(decodeOptionString(twice?.text ?? "").get("nqn")).toBe("nqn.2014-08.org.nvmexpress.discovery");
  });
});

describe("encodeConnectOptions", () => {
  it("writes what is given and nothing else", () => {
    expect(encodeConnectOptions(REQUEST)).toBe(
      `nqn=nqn.2014-08.org.nvmexpress.discovery,transport=tcp,traddr=127.0.0.1,trsvcid=8009,hostnqn=${HOST_NQN},hostid=${HOST_ID}`,
    );
  });

  it("writes every option, in one order", () => {
    const text = encodeConnectOptions({
      transportId: { ...REQUEST.transportId, hostTraddr: "10.0.0.1", hostIface: "eth0", hostNqn: "nqn.other" },
      hostNqn: HOST_NQN,
      hostId: "",
      discovery: true,
      options: {
        hdrDigest: true,
        dataDigest: true,
        kato: Seconds(0),
        nrIoQueues: 1,
        nrWriteQueues: 2,
        nrPollQueues: 3,
        queueSize: 32,
        reconnectDelay: Seconds(2),
        ctrlLossTmo: Seconds(-1),
        disableSqflow: true,
        dhchapSecret: "secret:1",
        dhchapCtrlSecret: "secret:2",
        tls: true,
        keyring: 0x1a2b3c4d,
        tlsKey: 1,
      },
    });
    expect(text).toBe(
      "nqn=nqn.2014-08.org.nvmexpress.discovery,transport=tcp,traddr=127.0.0.1,trsvcid=8009,host_traddr=10.0.0.1," +
        "host_iface=eth0,hostnqn=nqn.other,nr_io_queues=1,nr_write_queues=2,nr_poll_queues=3,queue_size=32," +
        "ctrl_loss_tmo=-1,reconnect_delay=2,keep_alive_tmo=0,hdr_digest,data_digest,disable_sqflow," +
        "dhchap_secret=secret:1,dhchap_ctrl_secret=secret:2,keyring=439041101,tls_key=1,tls,discovery",
    );
    const unsupported = (kernel: string) => unsupportedOptions(text, parseSupportedOptions(recordedOptionLine(kernel)));
    expect(unsupported("6.12")).toEqual([]);
    expect(unsupported("6.1")).toEqual(["keyring", "tls_key", "tls"]);
    expect(text.length).toBeLessThan(CONNECT_STRING_BYTES_MAX);
  });

  it.each(["nqn.x,hostnqn=nqn.y", "nqn.x\nhostnqn=nqn.y", "nqn.x\0"])("lets no value inject an option: %j", (nqn) => {
    expect(fitsOption(nqn)).toBe(false);
    const request = { ...REQUEST, transportId: { ...REQUEST.transportId, subsysnqn: nqn } };
    expect(() => encodeConnectOptions(request)).toThrow(EncodeError);
  });
});

describe("decodeOptionString", () => {
  it("splits at newlines as well, and skips empty parts", () => {
    expect([...decodeOptionString("a=1,,b\nc=2=3\n,")]).toEqual([
      ["a", "1"],
      ["b", true],
      ["c", "2=3"],
    ]);
    expect(decodeOptionString("").size).toBe(0);
    expect(decodeOptionString(",").size).toBe(0);
  });

  it.each(["=1", "a=", "a=1,=,b", "a\0b"])("refuses %j", (text) => {
    expect(() => decodeOptionString(text)).toThrow(DecodeError);
  });
});

describe("parseSupportedOptions", () => {
  it("finds what 6.12 has and 6.1 lacks", () => {
    const older = parseSupportedOptions(recordedOptionLine("6.1"));
    const newer = parseSupportedOptions(recordedOptionLine("6.12"));
    expect([...newer].filter((name) => !older.has(name))).toEqual(["keyring", "tls_key", "tls"]);
    expect([...older].filter((name) => !newer.has(name))).toEqual([]);
    expect(older.has("host_iface")).toBe(true);
    expect(older.has("instance")).toBe(false);
    expect(older.size).toBe(24);
  });

  it.each(["", "instance=0,cntlid=1\n", "instance=-1,cntlid=-1"])("refuses any other line: %j", (text) => {
    expect(() => parseSupportedOptions(text)).toThrow(DecodeError);
  });
});

describe("parseConnectReply", () => {
  it.each([
    "",
    "instance=-1,cntlid=-1",
    "instance=0",
    "instance=0,cntlid=1\n\n",
    "instance=0,cntlid=1,x",
    " instance=0,cntlid=1",
  ])("refuses %j", (text) => {
    expect(() => parseConnectReply(text)).toThrow(DecodeError);
  });

  it("refuses the option line", () => {
    expect(() => parseConnectReply(recordedOptionLine("6.12"))).toThrow(DecodeError);
  });
});
