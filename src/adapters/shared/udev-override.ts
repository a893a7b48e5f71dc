/**
 * Masks nvme-cli's rule of the same name in /usr/lib while staf runs, because udev prefers the one in /run. Only the events of FC
 * ports stay with nvme-cli: they have no controller, so staf cannot pass them on.
 */

export const UDEV_OVERRIDE_PATH = "/run/udev/rules.d/70-nvmf-autoconnect.rules";

/** `\x09` and `\x3d` reach systemctl as written: they are the escapes of a unit's instance name. */
const FC_UNIT = [
  String.raw`nvmf-connect@--device\x3dnone`,
  String.raw`--transport\x3dfc`,
  String.raw`--traddr\x3d$env{NVMEFC_TRADDR}`,
  String.raw`--trsvcid\x3dnone`,
  String.raw`--host-traddr\x3d$env{NVMEFC_HOST_TRADDR}.service`,
].join(String.raw`\x09`);

const FIRST_LINE = "# Discovery controllers are followed by stas while this file is here.";

export const UDEV_OVERRIDE_TEXT = `${FIRST_LINE}
ACTION=="change", SUBSYSTEM=="fc", ENV{FC_EVENT}=="nvmediscovery", ENV{NVMEFC_TRADDR}=="*", ENV{NVMEFC_HOST_TRADDR}=="*", RUN+="/usr/bin/systemctl --no-block restart ${FC_UNIT}"
`;

/** Whether stas wrote this text, whichever version. Anything else at that path is not ours to replace or remove. */
export function isOverrideOfStas(text: string): boolean {
  return text.startsWith(`${FIRST_LINE}\n`);
}
