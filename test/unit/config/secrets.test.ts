import { expect, test } from "vitest";
import { SecretVault } from "../../../src/adapters/shared/secrets.js";

const SECRET = "DHHC-1:00:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmU=:";

test.each([
  ["alone", `dhchap-secret = ${SECRET}\n`, "dhchap-secret = secret:1\n"],
  ["followed by a comment", `dhchap-secret = ${SECRET} # mine\n`, "dhchap-secret = secret:1 # mine\n"],
  ["followed by another comment", `DHCHAP-SECRET=${SECRET}\t; mine\n`, "DHCHAP-SECRET=secret:1\t; mine\n"],
  [
    "in an entry",
    `controller = traddr=a;dhchap-ctrl-secret=${SECRET};nqn=x\n`,
    "controller = traddr=a;dhchap-ctrl-secret=secret:1;nqn=x\n",
  ],
  [
    "at the end of an entry",
    `controller = dhchap-secret=${SECRET} # mine\n`,
    "controller = dhchap-secret=secret:1 # mine\n",
  ],
  ["that contains white space", "dhchap-secret = a b c\n", "dhchap-secret = secret:1\n"],
  ["on the next line", `dhchap-secret =\n  ${SECRET}\n`, "dhchap-secret =\n  secret:1\n"],
  ["as the host's key", `[Host]\nkey = ${SECRET} # mine\n`, "[Host]\nkey =secret:1 # mine\n"],
])("a secret %s is replaced with a handle", (_where, text, passed) => {
  expect(new SecretVault().concealFile("/etc/stas/x.conf", text)).toBe(passed);
});

test("the key in a file that sys.conf names is replaced with a handle, with or without a comment after the name", () => {
  for (const behind of ["", " # mine"]) {
    const vault = new SecretVault();
    const text = `[Host]\nkey = file:///etc/key${behind}\n`;
    expect(vault.concealFile("/etc/stas/sys.conf", text)).toBe(text);
    expect(vault.concealFile("/etc/key", `${SECRET}\n`)).toBe("secret:1\n");
  }
});
