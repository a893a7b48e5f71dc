/** Connection options, secrets and identities on the real kernel: what it accepts and rejects, and what a reload does. */
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { HOST_ID, HOST_NQN } from "../guest/daemon.js";
import { attribute, controllers } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor, homeFiles } from "./steps/configuration.js";
import {
  allLive,
  connectByHand,
  deviceFor,
  HOME,
  HOME_ID,
  instances,
  OTHER_HOST_NQN,
  type Place,
  serve,
  volume,
  volumes,
} from "./steps/storage.js";
import { LIVE_LIMIT } from "./steps/timing.js";

/** 32-byte keys with checksums, in the format of nvme gen-dhchap-key. */
const KEY = "DHHC-1:00:b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2zQ+Xhw:";
const OTHER_KEY = "DHHC-1:00:bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmW2xHZZ:";

/** A second port of the target, for another path to the same subsystem. */
const SECOND: Place = { traddr: "127.0.0.1", trsvcid: "8010" };
const SECOND_ID = 3;

function secondPort(lab: Lab, nqn: string): void {
  lab.target.port({ id: SECOND_ID, traddr: SECOND.traddr, trsvcid: Number(SECOND.trsvcid) });
  lab.target.link(SECOND_ID, nqn);
}

const path = (place: Place, nqn: string, more: string): string => `${at(place)};nqn=${nqn}${more}`;

function livePaths(nqn: string): readonly string[] {
  return controllers()
    .filter((one) => one.nqn === nqn && one.state === "live")
    .map(({ name }) => name);
}

const authentication: Check = {
  name: "a DH-HMAC-CHAP secret: a wrong or missing one is refused with a reason, the right one connects, a change is applied path by path",
  guest: "options",
  kernels: ["6.12"],
  limit: Seconds(200),
  async run(lab) {
    const { target, expect } = lab;
    const nqn = volume(1);
    target.port({ id: HOME_ID, traddr: HOME.traddr, trsvcid: Number(HOME.trsvcid) });
    target.subsystem(nqn, { hosts: "allow-list" });
    target.dhchap(HOST_NQN, { key: KEY });
    target.allow(nqn, HOST_NQN);
    target.link(HOME_ID, nqn);
    const files = (...controllers: readonly string[]) => filesFor([], {}, { controllers });

    const daemon = lab.daemon({ files: files(path(HOME, nqn, "")) });
    lab.note(await daemon.says(/cannot be connected: .* no secret is configured/, LIVE_LIMIT));
    daemon.configure(files(path(HOME, nqn, `;dhchap-secret=${OTHER_KEY}`)));
    daemon.signal("SIGHUP");
    lab.note(await daemon.says(/cannot be connected: .* secret is not the one/, LIVE_LIMIT));
    expect.equal("connections with a wrong secret", controllers().length, 0);

    daemon.configure(files(path(HOME, nqn, `;dhchap-secret=${KEY}`)));
    daemon.signal("SIGHUP");
    await waitFor("the connection with the right secret", Seconds(10), () => livePaths(nqn).length === 1);

    // Changed at the target and in the file: the daemon keeps the only path, and says so.
    target.dhchap(HOST_NQN, { key: OTHER_KEY });
    const before = instances();
    daemon.configure(files(path(HOME, nqn, `;dhchap-secret=${OTHER_KEY}`)));
    daemon.signal("SIGHUP");
    await daemon.says(/dhchap-secret changed, and it is not reconnected: it is the only live path/, LIVE_LIMIT);
    await pass(Seconds(5), "longer than stac's soak");
    expect.equal("the only path after a reload", instances(), before);

    // With a second path, both get the new secret, one after the other.
    secondPort(lab, nqn);
    const both = [HOME, SECOND].map((place) => path(place, nqn, `;dhchap-secret=${OTHER_KEY}`));
    daemon.configure(files(...both));
    daemon.signal("SIGHUP");
    await waitFor("the first path to be reconnected", LIVE_LIMIT, () => {
      const now = instances();
      return livePaths(nqn).length === 2 && Object.entries(before).every(([name, node]) => now[name] !== node);
    });
  },
};

const kato: Check = {
  name: "a reload applies a changed option of one controller only if another path is live",
  guest: "options",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    secondPort(lab, volume(1));
    const files = (seconds: number) =>
      filesFor(
        [],
        {},
        {
          controllers: [
            path(HOME, volume(1), ""),
            path(SECOND, volume(1), `;kato=${seconds}`),
            path(HOME, volume(2), `;kato=${seconds}`),
          ],
        },
      );
    const daemon = lab.daemon({ files: files(7) });
    await waitFor(
      "three connections",
      LIVE_LIMIT,
      () => livePaths(volume(1)).length === 2 && livePaths(volume(2)).length === 1,
    );
    const only = deviceFor(volume(2)) ?? "";
    const before = instances();
    daemon.configure(files(9));
    daemon.signal("SIGHUP");
    await waitFor("the second path to have the new kato", LIVE_LIMIT, () =>
      livePaths(volume(1)).some((name) => attribute(name, "kato") === "9"),
    );
    expect.equal("paths to volume 1", livePaths(volume(1)).length, 2);
    expect.equal("keep-alive of the only path", attribute(only, "kato"), "7");
    expect.equal("the only path", instances()[only], before[only]);
    expect.that(
      daemon.lines.some((line) => /kato changed, and it is not reconnected/.test(line)),
      "the log does not say why",
    );
  },
};

const identity: Check = {
  name: "a host id that is in use with another host NQN: the log explains the refusal and names the device",
  guest: "options",
  kernels: ["6.12"],
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    const other = connectByHand(volume(2), HOME, "", `hostnqn=${OTHER_HOST_NQN},hostid=${HOST_ID}`);
    const daemon = lab.daemon({ files: homeFiles() });
    const said = await daemon.says(/cannot be connected: EINVAL from the kernel/, LIVE_LIMIT);
    expect.matches(
      "the complaint",
      said,
      new RegExp(`${other} uses host id ${HOST_ID} with host NQN ${OTHER_HOST_NQN}`),
    );
    expect.equal("connections", controllers().length, 1);
  },
};

const tls: Check = {
  name: "TLS without a key or without kernel support: nothing is connected unencrypted, and the log says why",
  guest: "options",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1));
    const daemon = lab.daemon({ files: filesFor([], {}, { controllers: [path(HOME, volume(1), ";tls=true")] }) });
    const why =
      lab.kernel === "6.1"
        ? /this kernel does not support the connect option tls, and nothing connects without it/
        : /cannot be connected: ENOKEY from the kernel: TLS needs a key of this host/;
    await daemon.says(why, LIVE_LIMIT);
    expect.equal("connections", controllers().length, 0);
  },
};

const excludes: Check = {
  name: "excludes by subsystem NQN and by any spelling of an address drop exactly the matching connections at a reload",
  guest: "options",
  async run(lab) {
    const { target, expect } = lab;
    target.port({ id: HOME_ID, traddr: "::1", trsvcid: 8009 });
    for (const nqn of volumes(1, 3)) {
      target.subsystem(nqn);
      target.link(HOME_ID, nqn);
    }
    const dc = [at({ traddr: "::1", trsvcid: "8009" })];
    const daemon = lab.daemon({ files: filesFor(dc) });
    await allLive(volumes(1, 3), LIVE_LIMIT);
    const kept = instances()[deviceFor(volume(3)) ?? ""];
    daemon.configure(
      filesFor(dc, {}, { excludes: [`nqn=${volume(1)}`, `traddr=0:0:0:0:0:0:0:1;nqn=${volume(2)}`, ""] }),
    );
    daemon.signal("SIGHUP");
    await allLive([volume(3)], LIVE_LIMIT);
    daemon.signal("SIGHUP");
    await pass(Seconds(5), "longer than a retry");
    await allLive([volume(3)], LIVE_LIMIT);
    expect.equal("the connection that is not excluded", instances()[deviceFor(volume(3)) ?? ""], kept);
  },
};

export const optionsChecks: readonly Check[] = [authentication, kato, identity, tls, excludes];
