/** Every errno that real kernels gave, and those that connect(2), open(2) and the resolver may give, in every phase. */
import { describe, expect, it } from "vitest";
import { advice, PHASES, type Peer, type Phase } from "../../../src/core/domain/advice.js";
import { ERRNO, type ErrnoName } from "../../../src/core/domain/errno.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";

const IO: Peer = {
  tid: {
    transport: "tcp",
    traddr: "192.0.2.30",
    trsvcid: "4420",
    subsysnqn: "nqn.2024-01.io.example:vol1",
    hostTraddr: "",
    hostIface: "",
    hostNqn: "",
  },
  role: "io",
  hostNqn: "nqn.2024-01.io.example:host",
  tls: false,
  secret: false,
};

function io(tid: Partial<Peer["tid"]> = {}, other: Partial<Peer> = {}): Peer {
  return { ...IO, ...other, tid: { ...IO.tid, ...tid } };
}

const DC = io({ trsvcid: "8009", subsysnqn: WELL_KNOWN_DISCOVERY_NQN }, { role: "discovery" });
const LINK_LOCAL = io({ traddr: "fe80::1" });

/** What failed, with what, towards whom, and what the sentence has to name: a cause and the next thing to look at. */
const ROWS: readonly (readonly [Phase, ErrnoName, Peer | undefined, ...RegExp[]])[] = [
  [
    "probe",
    "ECONNREFUSED",
    DC,
    /nothing listens at 192\.0\.2\.30 port 8009/,
    /trsvcid/,
    /8009 .*discovery.* 4420 .*I\/O/,
  ],
  ["probe", "ETIMEDOUT", IO, /192\.0\.2\.30 port 4420 does not answer/, /firewall/],
  ["probe", "EHOSTUNREACH", IO, /no machine answers/, /VLAN/, /ip neigh/],
  ["probe", "ENETUNREACH", IO, /no route to 192\.0\.2\.30:/, /ip route get 192\.0\.2\.30/],
  ["probe", "ENETUNREACH", io({ hostIface: "eth1" }), /no route to 192\.0\.2\.30 over eth1/],
  ["probe", "ENETUNREACH", io({ hostTraddr: "10.0.0.1" }), /no route to 192\.0\.2\.30 from 10\.0\.0\.1/],
  ["probe", "ENETDOWN", IO, /interface .* is down/, /ip link/],
  [
    "probe",
    "EADDRNOTAVAIL",
    io({ hostTraddr: "192.0.2.99" }),
    /host-traddr 192\.0\.2\.99 is not an address of this host/,
  ],
  ["probe", "EADDRNOTAVAIL", IO, /no address or port free/, /ip address/],
  ["probe", "ENODEV", io({ hostIface: "eth0.100@eth0" }), /host-iface eth0\.100@eth0 is not an interface/, /ip link/],
  ["probe", "EINVAL", LINK_LOCAL, /fe80::1 is a link-local address/, /add host-iface/],
  ["probe", "EINVAL", IO, /check traddr, trsvcid and host-traddr/],
  ["probe", "ECONNRESET", IO, /closes the connection at once/, /another service|TLS/],
  ["probe", "EBADMSG", IO, /not as an NVMe\/TCP target/, /8009.*4420/],
  ["probe", "EACCES", IO, /firewall/],
  ["open", "ENOENT", IO, /\/dev\/nvme-fabrics does not exist/, /modprobe nvme-fabrics/],
  ["open", "ENODEV", IO, /modprobe nvme-fabrics/],
  ["open", "EACCES", IO, /only root/],
  ["open", "EPERM", IO, /DeviceAllow/],
  ["open", "EMFILE", IO, /LimitNOFILE/],
  [
    "connect",
    "EIO",
    IO,
    /no subsystem nqn\.2024-01\.io\.example:vol1/,
    /admit nqn\.2024-01\.io\.example:host/,
    /kernel log/,
  ],
  [
    "connect",
    "EIO",
    IO,
    /"Connect Invalid Data Parameter" means the NQN or the port/,
    /"is not allowed" means the host/,
  ],
  ["connect", "EIO", DC, /no discovery service/, /8009 for discovery/],
  ["connect", "EINVAL", LINK_LOCAL, /add host-iface/],
  ["connect", "EINVAL", io({ transport: "rdma" }), /modprobe nvme-rdma/, /kernel log/],
  ["connect", "EINVAL", io({ traddr: "fe80::1", hostIface: "eth0" }), /does not accept these connect options/],
  ["connect", "ENODEV", io({ hostIface: "nope0" }), /host-iface nope0 is not an interface/],
  ["connect", "ENODEV", IO, /modprobe nvme-tcp/],
  ["connect", "EALREADY", IO, /already has this connection/, /nvme list-subsys/],
  ["connect", "ECONNREFUSED", IO, /nothing listens/, /trsvcid/],
  ["connect", "ENETUNREACH", IO, /no route/],
  ["connect", "EHOSTUNREACH", IO, /no machine answers/],
  ["connect", "EADDRNOTAVAIL", io({ hostTraddr: "192.0.2.99" }), /host-traddr 192\.0\.2\.99/],
  ["connect", "ETIMEDOUT", IO, /does not answer/, /firewall/],
  ["connect", "EAGAIN", IO, /stays silent/],
  ["connect", "ECONNRESET", IO, /closes the connection/],
  ["connect", "ENOKEY", io({}, { tls: true }), /keyring \.nvme/, /tlshd or keyctl/],
  ["connect", "ENOKEY", IO, /no secret is configured/, /dhchap-secret/],
  ["connect", "EACCES", io({}, { secret: true }), /secret is not the one/],
  ["connect", "EACCES", io({}, { tls: true }), /did not agree on TLS/],
  ["connect", "EACCES", IO, /does not admit this host/],
  ["connect", "EKEYREJECTED", io({}, { secret: true }), /secret is not the one/],
  ["connect", "EBUSY", IO, /busy/, /kernel log/],
  ["connect", "EINTR", IO, /a signal interrupted/],
  ["connect", "ENOMEM", IO, /longer than a page/],
  ["connect", "EPROTO", IO, /breaks the NVMe\/TCP protocol/],
  ["reply", "EINVAL", IO, /no reply/, /kernel log/],
  ["reply", "EIO", IO, /only a part of the connect string/],
  ["handle", "EAGAIN", undefined, /reconnecting/],
  ["handle", "ENODEV", undefined, /removed the controller/],
  ["handle", "EACCES", undefined, /only root/, /DeviceAllow/],
  ["handle", "EBUSY", undefined, /fuser/],
  ["command", "EINTR", undefined, /connection broke/],
  ["command", "ENODEV", undefined, /removed the controller/],
  ["command", "EAGAIN", undefined, /reconnecting/],
  ["command", "ETIMEDOUT", undefined, /did not answer in time/],
  ["command", "ENOSYS", undefined, /koffi/],
  ["command", "EACCES", undefined, /CAP_SYS_ADMIN/],
  ["delete", "ENODEV", undefined, /removed the controller/],
  ["delete", "ENOENT", undefined, /removed the controller/],
  ["delete", "EROFS", undefined, /read-only/, /ProtectKernelTunables/],
  ["delete", "EACCES", undefined, /only root/],
  ["delete", "ENETRESET", undefined, /kernel log/],
  ["read-file", "EACCES", undefined, /permissions/],
  ["read-file", "EISDIR", undefined, /is a folder/],
  ["read-file", "EIO", undefined, /disk fails/],
  ["read-file", "EFBIG", undefined, /64 MiB/],
  ["write-file", "ENOSPC", undefined, /free space/],
  ["write-file", "EROFS", undefined, /read-only/, /ReadWritePaths/],
  ["write-file", "EACCES", undefined, /permissions/],
  ["resolve", "ENOENT", undefined, /spelling/, /getent/],
  ["resolve", "EAGAIN", undefined, /resolv\.conf/],
  ["resolve", "ETIMEDOUT", undefined, /resolv\.conf/],
];

describe("the advice for an errno", () => {
  for (const [phase, name, peer, ...parts] of ROWS) {
    it(`${phase} ${name}: ${parts.join(" ")}`, () => {
      const text = advice(phase, ERRNO[name], peer);
      for (const part of parts) expect(text).toMatch(part);
    });
  }

  it("is one sentence in every phase, for every errno, known or not", () => {
    for (const phase of PHASES) {
      for (const errno of [...Object.values(ERRNO), 4242]) {
        for (const peer of [undefined, IO, DC, LINK_LOCAL]) {
          const text = advice(phase, errno, peer);
          expect(text).toMatch(/^[a-z/0-9].{10,}[^.;]$/);
          expect(text).not.toMatch(/undefined|\bnull\b|\.\s| {2}/);
        }
      }
    }
  });

  it("names nobody's secret", () => {
    const peer = io({}, { secret: true, tls: true });
    for (const errno of Object.values(ERRNO)) expect(advice("connect", errno, peer)).not.toContain("DHHC");
  });
});
