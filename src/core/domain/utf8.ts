/** Lengths in UTF-8: specifications count bytes. */

/** Length of a text in UTF-8, in bytes; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length += 1;
    else if (code < 0x800) length += 2;
    else if (isLead(code) && isTrail(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** The longest start of a text that fits `bytesMax` bytes of UTF-8 without splitting a character. */
export function cutUtf8(text: string, bytesMax: number): string {
  if (utf8Length(text) <= bytesMax) return text;
  let kept = "";
  let length = 0;
  for (const character of text) {
    length += utf8Length(character);
    if (length > bytesMax) break;
    kept += character;
  }
  return kept;
}

function isLead(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isTrail(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
