/** Makes the texts of configuration files. */
import { HOME } from "./storage.js";

interface Configuration {
  /** Lines of [Global], such as `kato=5`. */
  readonly global?: readonly string[];
  /** Values of `controller=`. */
  readonly controllers?: readonly string[];
  /** Values of `exclude=`. */
  readonly excludes?: readonly string[];
  /** More sections, as text. */
  readonly more?: string;
}

function configuration({ global = [], controllers = [], excludes = [], more = "" }: Configuration): string {
  const entries = [
    ...controllers.map((value) => `controller=${value}`),
    ...excludes.map((value) => `exclude=${value}`),
  ];
  return `[Global]\n${lines(global)}[Controllers]\n${lines(entries)}${more}`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

/** An address in the format of `controller=` and `exclude=`. */
export function at({ traddr, trsvcid }: { readonly traddr: string; readonly trsvcid: string }): string {
  return `transport=tcp;traddr=${traddr};trsvcid=${trsvcid}`;
}

/** While mDNS discovery has not had its time, nothing is disconnected for being unlisted. */
const WITHOUT_MDNS = "[Service Discovery]\nzeroconf=disabled\n";

/**
 * Both files. stacd.conf sets one I/O queue per connection, to suit emulated processors. stafd.conf switches mDNS discovery off,
 * unless it has sections of its own.
 */
export function filesFor(
  controllers: readonly string[],
  staf: Omit<Configuration, "controllers"> = {},
  stac: Configuration = {},
): Readonly<Record<string, string>> {
  return {
    "stafd.conf": configuration({ more: WITHOUT_MDNS, ...staf, controllers }),
    "stacd.conf": configuration({ ...stac, global: ["nr-io-queues=1", ...(stac.global ?? [])] }),
  };
}

/** Both files with the home port's discovery controller. */
export function homeFiles(
  staf: Omit<Configuration, "controllers"> = {},
  stac: Configuration = {},
): Readonly<Record<string, string>> {
  return filesFor([at(HOME)], staf, stac);
}
