/**
 * Keeps secrets out of the core, in both worlds: text from files passes with each secret replaced
 * by a handle `secret:N`, and the handle is replaced by the secret in the connect string, on its way to the kernel.
 */

/** What stands for a secret in a connect string: an option of one of these names. */
const SECRET_OPTIONS = new Set(["dhchap_secret", "dhchap_ctrl_secret"]);

/**
 * `dhchap-secret = X` anywhere in a configuration file; the value may stand on a continuation line. A comment behind it is no part
 * of the secret, so that the core sees it and says that comments belong on lines of their own.
 */
const SECRET_KEY_VALUE = /(dhchap-(?:ctrl-)?secret[ \t]*=[ \t]*(?:\r?\n[ \t]+)?)([^;\r\n]+?)(?=[ \t]+[#;]|[;\r\n]|$)/gi;

const SECTION = /^\[([^\]]*)\]/;
const HOST_KEY = /^(\s*key\s*=)(.*)$/i;
const FILE_REFERENCE = "file://";

/** Where the host's key is, unless sys.conf says otherwise. */
const HOST_KEY_FILE = "/etc/nvme/hostkey";

/** The secrets of one process. Handles hold for as long as the vault does, and mean nothing to another one. */
export class SecretVault {
  readonly #handles = new Map<string, string>();
  readonly #secrets = new Map<string, string>();
  /** Files that hold nothing but a key; those that sys.conf names are added when it is read. */
  readonly #keyFiles = new Set([HOST_KEY_FILE]);

  /** The handle of a secret: equal secret, equal handle. */
  conceal(secret: string): string {
    const known = this.#handles.get(secret);
    if (known !== undefined) return known;
    const handle = `secret:${String(this.#handles.size + 1)}`;
    this.#handles.set(secret, handle);
    this.#secrets.set(handle, secret);
    return handle;
  }

  /** The secret behind a handle, or `undefined` where this vault gave no such handle. */
  reveal(handle: string): string | undefined {
    return this.#secrets.get(handle);
  }

  /** Text of a file as the core may see it. */
  concealFile(path: string, text: string): string {
    if (this.#keyFiles.has(path)) return this.#concealKeyFile(text);
    return this.#concealHostKey(
      text.replace(SECRET_KEY_VALUE, (_, key: string, value: string) => key + this.#concealTrimmed(value)),
    );
  }

  /** A connect string (`k=v,k=v`) as the kernel is to see it. A handle that is unknown stays as it is. */
  revealOptions(options: string): string {
    return mapSecretOptions(options, (value) => this.reveal(value) ?? value);
  }

  /** A connect string as a trace may show it. */
  concealOptions(options: string): string {
    return mapSecretOptions(options, (value) => (this.#secrets.has(value) ? value : this.conceal(value)));
  }

  /** The first word of the first line is the key; the rest counts for nothing and is left out. */
  #concealKeyFile(text: string): string {
    const word = /^[ \t]*(\S+)/.exec(text)?.[1];
    return word === undefined ? "" : `${this.conceal(word)}\n`;
  }

  #concealTrimmed(value: string): string {
    const secret = value.trim();
    return secret === "" ? value : this.conceal(secret);
  }

  #concealHostKey(text: string): string {
    if (!/^\[host\]/im.test(text)) return text;
    let section = "";
    let inKey = false;
    const lines = text.split("\n").map((line) => {
      const named = SECTION.exec(line);
      if (named !== null) {
        section = (named[1] ?? "").toLowerCase();
        inKey = false;
        return line;
      }
      if (section !== "host") return line;
      if (inKey && /^\s+\S/.test(line)) return ` ${this.#concealKeyValue(line)}`;
      const key = HOST_KEY.exec(line);
      inKey = key !== null;
      return key === null ? line : `${key[1] ?? ""}${this.#concealKeyValue(key[2] ?? "")}`;
    });
    return lines.join("\n");
  }

  #concealKeyValue(value: string): string {
    const comment = value.search(/\s[#;]/);
    const bare = comment < 0 ? value : value.slice(0, comment);
    const trimmed = bare.trim();
    if (!trimmed.startsWith(FILE_REFERENCE)) return this.#concealTrimmed(bare) + value.slice(bare.length);
    this.#keyFiles.add(trimmed.slice(FILE_REFERENCE.length));
    return value;
  }
}

function mapSecretOptions(options: string, map: (value: string) => string): string {
  if (!options.includes("dhchap_")) return options;
  return options
    .split(",")
    .map((option) => {
      const [name, ...rest] = option.split("=");
      const value = rest.join("=");
      return name !== undefined && SECRET_OPTIONS.has(name) && value !== "" ? `${name}=${map(value)}` : option;
    })
    .join(",");
}
