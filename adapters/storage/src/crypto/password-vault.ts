import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { type Logger, OpsError, Secret } from '@breakwater/kernel';
import { createPrivateFile, readPrivateFile, restrictToOwner } from '../files/private-files.ts';

const KEY_BYTES = 32;
/** 96 bits, the length for which GCM is specified without a further hash. Random nonces are safe for far more than 2^32 passwords of one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SealedPassword {
  readonly keyId: string;
  /** Nonce, ciphertext, tag. */
  readonly sealed: Uint8Array;
}

/** Encrypts passwords of servers and keys of host logins at rest. The id of the owner is authenticated too, so a ciphertext moved to another row does not open. */
export interface PasswordVault {
  /** `STORAGE_KEY_UNUSABLE` when there is no usable key. */
  seal(ownerId: string, secret: Secret): SealedPassword;
  /** Null, with a line in the log, when the present key does not open it. */
  open(ownerId: string, stored: SealedPassword): Secret | null;
  /** The same key for another kind of secret: what is sealed as one kind does not open as another. */
  of(kind: SecretKind): PasswordVault;
}

export type SecretKind = 'server-password' | 'host-login-key';

/**
 * Reads the key file, or makes it when there is none. A file of the wrong length is left alone, because it may be the
 * damaged only copy of the key: then nothing opens and nothing can be sealed until a person decides.
 */
export async function openPasswordVault(path: string, options: { readonly logger: Logger }): Promise<PasswordVault> {
  const { logger } = options;
  let key = await readPrivateFile(path);
  if (key === null) {
    if (await createPrivateFile(path, randomBytes(KEY_BYTES))) {
      logger.info('A key for server passwords was made. Keep a copy of it with your backups: without it they cannot be read.', { path });
    }
    key = await readPrivateFile(path);
  }
  if (key === null || key.length !== KEY_BYTES) {
    logger.error('The key file is damaged; stored server passwords cannot be read. Restore it, or move it away to get a new one.', {
      path,
      expectedBytes: KEY_BYTES,
      foundBytes: key?.length ?? 0,
    });
    return createClosedVault(path, { logger, kind: 'server-password' });
  }
  if (!(await restrictToOwner(path))) logger.warn('Other users of this computer may read the key for server passwords.', { path });
  return createVault(key, { logger, kind: 'server-password' });
}

interface VaultRoom {
  readonly logger: Logger;
  readonly kind: SecretKind;
}

function createVault(key: Buffer, { kind, logger }: VaultRoom): PasswordVault {
  const ownKeyId = hash('sha256', Buffer.concat([Buffer.from('breakwater key id\0'), key]), 'hex').slice(0, 16);
  return {
    of: (other) => createVault(key, { logger, kind: other }),
    seal(ownerId, password) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(toContext(kind, ownerId));
      const ciphertext = Buffer.concat([cipher.update(password.reveal(), 'utf8'), cipher.final()]);
      return { keyId: ownKeyId, sealed: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]) };
    },
    open(ownerId, { keyId, sealed }) {
      if (keyId !== ownKeyId) {
        logger.warn('A stored password was encrypted with another key. Enter it again, or restore the old key file.', {
          ...toOwner(kind, ownerId),
          keyId,
          ownKeyId,
        });
        return null;
      }
      try {
        const bytes = Buffer.from(sealed);
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(toContext(kind, ownerId));
        decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
        const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
        return new Secret(text.toString('utf8'));
      } catch (error) {
        logger.warn('A stored password is damaged or belongs to another server. Enter it again.', { ...toOwner(kind, ownerId), error });
        return null;
      }
    },
  };
}

function createClosedVault(path: string, { kind, logger }: VaultRoom): PasswordVault {
  return {
    of: (other) => createClosedVault(path, { logger, kind: other }),
    seal() {
      throw new OpsError({
        code: 'STORAGE_KEY_UNUSABLE',
        message: `The password was not stored, because the key file ${path} is damaged. Restore it, or move it away and start again to get a new one.`,
        details: { path },
      });
    },
    open(ownerId) {
      logger.warn('A stored password cannot be read, because the key file is damaged.', { ...toOwner(kind, ownerId), path });
      return null;
    },
  };
}

function toContext(kind: SecretKind, ownerId: string): Buffer {
  return Buffer.from(`breakwater/${kind}/v1/${ownerId}`, 'utf8');
}

const toOwner = (kind: SecretKind, ownerId: string): Readonly<Record<string, string>> =>
  kind === 'server-password' ? { serverId: ownerId } : { hostLoginId: ownerId };
