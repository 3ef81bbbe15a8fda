import { z } from 'zod';
import { ACCOUNT_NAME } from '../resources/account/account-name.ts';

/** Fields that several modules share. Each keeps line breaks, options and separators out of files and argv. */
export const accountName = z.string().regex(ACCOUNT_NAME, 'lower-case letters, digits, "-" and "_", beginning with a letter');

export const absolutePath = z
  .string()
  .max(1_024)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\p{Cc}]+){2,}$/u, 'an absolute path of two names or more, without "." and ".."');

/** Debian policy 5.6.1. */
export const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'the name of a Debian package');

/** Debian policy 5.6.12. */
export const packageVersion = z.string().regex(/^[0-9][A-Za-z0-9.+~:-]*$/, 'a version of a Debian package');

export const sha256Hex = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, '64 hexadecimal digits')
  .transform((value) => value.toLowerCase());

export const webUrl = z.string().regex(/^https?:\/\/[^\s"'<>\\^`{|}]+$/, 'an address that begins with https:// or http://');

export const fingerprint = z
  .string()
  .regex(/^(?:[0-9A-Fa-f][\s:]?){40}$|^(?:[0-9A-Fa-f][\s:]?){64}$/, 'a whole fingerprint: 40 or 64 hexadecimal digits');

export const portNumber = z.int().min(1).max(65_535);

/** One line of a configuration file. */
export const oneLine = z.string().regex(/^[^\p{Cc}]*$/u, 'one line without control characters');

/** Permission bits as people write them. */
export const octalMode = z
  .string()
  .regex(/^0?[0-7]{3,4}$/, 'permission bits in octal, as "0755"')
  .transform((value) => Number.parseInt(value, 8));
