/** What masks nvme-cli's rule of the same name in /usr/lib while staf runs: udev takes the one in /run. */

export const UDEV_OVERRIDE_PATH = "/run/udev/rules.d/70-nvmf-autoconnect.rules";

export const UDEV_OVERRIDE_TEXT = "# Discovery controllers are followed by stas while this file is here.\n";
