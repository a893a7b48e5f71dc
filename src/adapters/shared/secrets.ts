/**
 * Keeps secrets out of the core, in both worlds. It replaces each secret in the text of a file by a handle `secret:N`, and each
 * handle in a connect string by its secret, on the way to the kernel.
 */

/** The options of a connect string whose value is a secret. */
const SECRET_OPTIONS = new Set(["dhchap_secret", "dhchap_ctrl_secret"]);

/**
 * `dhchap-secret = X` anywhere in a configuration file; the value may be on a continuation line. A comment after it is not part of
 * the secret, so the core sees the comment and can say that comments belong on their own lines.
 */
const SECRET_KEY_VALUE = /(dhchap-(?:ctrl-)?secret[ \t]*=[ \t]*(?:\r?\n[ \t]+)?)([^;\r\n]+?)(?=[ \t]+[#;]|[;\r\n]|$)/gi;

const SECTION = /^\[([^\]]*)\]/;
const HOST_KEY = /^(\s*key\s*=)(.*)$/i;
const FILE_REFERENCE = "file://";

/** The file of the host's key, unless sys.conf names another one. */
const HOST_KEY_FILE = "/etc/nvme/hostkey";

/** The secrets of one process. A handle is valid as long as its vault, and means nothing to another vault. */
export class SecretVault {
  readonly #handles = new Map<string, string>();
  readonly #secrets = new Map<string, string>();
  /** Files that hold only a key. Reading sys.conf adds the files that it names. */
  readonly #keyFiles = new Set([HOST_KEY_FILE]);

  /** The handle of a secret. Equal secrets have equal handles. */
  conceal(secret: string): string {
    const known = this.#handles.get(secret);
    if (known !== undefined) return known;
    const handle = `secret:${String(this.#handles.size + 1)}`;
    this.#handles.set(secret, handle);
    this.#secrets.set(handle, secret);
    return handle;
  }

  /** The secret of a handle; `undefined` if this vault did not create the handle. */
  reveal(handle: string): string | undefined {
    return this.#secrets.get(handle);
  }

  /** The text of a file without its secrets, for the core. */
  concealFile(path: string, text: string): string {
    if (this.#keyFiles.has(path)) return this.#concealKeyFile(text);
    return this.#concealHostKey(
      text.replace(SECRET_KEY_VALUE, (_, key: string, value: string) => key + this.#concealTrimmed(value)),
    );
  }

  /** A connect string (`k=v,k=v`) with its secrets, for the kernel. An unknown handle stays as it is. */
  revealOptions(options: string): string {
    return mapSecretOptions(options, (value) => this.reveal(value) ?? value);
  }

  /** A connect string without its secrets, for a trace. */
  concealOptions(options: string): string {
    return mapSecretOptions(options, (value) => (this.#secrets.has(value) ? value : this.conceal(value)));
  }

  /** The first word of the first line is the key. Drops the rest. */
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
