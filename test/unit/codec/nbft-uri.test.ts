import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/core/codec/error.js";
import { parseNvmeUri } from "../../../src/core/codec/nbft-uri.js";

describe("NVMe URIs", () => {
  it.each([
    ["nvme+tcp://192.168.1.20:8009/", "tcp", "192.168.1.20", 8009],
    ["nvme+tcp://192.168.1.20", "tcp", "192.168.1.20", undefined],
    ["nvme+tcp://192.168.1.20:/", "tcp", "192.168.1.20", undefined],
    ["NVME+TCP://192.168.1.20:4420/NQN.2014-08.ORG.NVMEXPRESS.DISCOVERY/1", "tcp", "192.168.1.20", 4420],
    ["nvme+tcp://[FE80::1010]:4420/", "tcp", "fe80::1010", 4420],
    ["nvme+tcp://[4321::BBBB:0:1]/", "tcp", "4321::bbbb:0:1", undefined],
    ["nvme+tcp://[::ffff:192.168.1.20]:8009/", "tcp", "192.168.1.20", 8009],
    ["nvme+tcp://[fe80::1%25eth0]:8009/", "tcp", "fe80::1%eth0", 8009],
    ["nvme+tcp://DC-1.Storage.Example:8009?x=1#y", "tcp", "dc-1.storage.example", 8009],
    ["nvme+rdma://10.0.0.1:4420/", "rdma", "10.0.0.1", 4420],
    ["nvme+quic://10.0.0.1/", "quic", "10.0.0.1", undefined],
    ["nvme+tcp://10.0.0.1:65535/", "tcp", "10.0.0.1", 65535],
  ])("%s", (text, transport, host, port) => {
    expect(parseNvmeUri(text)).toEqual({ transport, host, port });
  });

  it.each([
    ["", "it is not nvme+TRANSPORT://HOST"],
    ["tcp://192.168.1.20:8009/", "it is not nvme+TRANSPORT://HOST"],
    ["nvme://192.168.1.20:8009/", "it is not nvme+TRANSPORT://HOST"],
    ["nvme+tcp:192.168.1.20", "it is not nvme+TRANSPORT://HOST"],
    ["nvme+tcp:///", "its host is neither an address nor a name"],
    ["nvme+tcp://user:secret@192.168.1.20/", "it holds user information"],
    ["nvme+tcp://192.168.1.20:8009:1/", "its authority is neither HOST nor HOST:PORT"],
    ["nvme+tcp://fe80::1/", "its authority is neither HOST nor HOST:PORT"],
    ["nvme+tcp://192.168.1.20:port/", "its authority is neither HOST nor HOST:PORT"],
    ["nvme+tcp://192.168.1.20:0/", "its port is not between 1 and 65535"],
    ["nvme+tcp://192.168.1.20:65536/", "its port is not between 1 and 65535"],
    ["nvme+tcp://192.168.1.20:000008009/", "its port is not between 1 and 65535"],
    ["nvme+tcp://[192.168.1.20]/", "its brackets do not hold an IPv6 address"],
    ["nvme+tcp://[fe80::1%25eth0,nqn=x]/", "its brackets do not hold an IPv6 address"],
    ["nvme+tcp://[fe80::1::2]/", "its brackets do not hold an IPv6 address"],
    ["nvme+tcp://[fe80::1/", "its authority is neither HOST nor HOST:PORT"],
    ["nvme+tcp://192.168.1.256/", "its host is not an IPv4 address"],
    ["nvme+tcp://dc_1,nqn=x/", "its host is neither an address nor a name"],
    ["nvme+tcp://dc 1/", "its host is neither an address nor a name"],
    ["nvme+tcp://-dc/", "its host is neither an address nor a name"],
    [`nvme+tcp://${"a".repeat(254)}/`, "its host is neither an address nor a name"],
    [`nvme+tcp://host/${"a".repeat(1024)}`, "it is longer than 1024 bytes"],
  ])("refuse %s", (text, problem) => {
    expect(() => parseNvmeUri(text)).toThrow(new DecodeError("NVMe URI", problem));
  });
});
