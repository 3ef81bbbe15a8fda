import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessRepositories, SetupTokenStore } from '@breakwater/access';
import type { ControlRepository, HistoryRepository, InventoryRepository, OperationRepository, ServerRepository } from '@breakwater/fleet';
import type { HostKeyRepository, HostLoginRepository, SetupRepository } from '@breakwater/host-config';
import type { Clock, Logger } from '@breakwater/kernel';
import type { DeadLetterStore } from '@breakwater/resilience';
import { openPasswordVault } from './crypto/password-vault.ts';
import { openDatabase } from './database/open-database.ts';
import { toStorageError } from './database/storage-error.ts';
import { LOCK_FILE } from './files/directory-lock.ts';
import { openDataDirectory } from './files/private-files.ts';
import { createSetupTokenFile } from './files/setup-token-file.ts';
import { createControlRepository } from './repositories/control-repository.ts';
import { createDeadLetterStore } from './repositories/dead-letter-store.ts';
import { createHistoryRepository } from './repositories/history-repository.ts';
import { createHostKeyRepository } from './repositories/host-key-repository.ts';
import { createHostLoginRepository } from './repositories/host-login-repository.ts';
import { createInventoryRepository } from './repositories/inventory-repository.ts';
import { JournalPruner, type JournalRetention } from './repositories/journal-pruner.ts';
import { createOperationRepository } from './repositories/operation-repository.ts';
import { createPersonRepository } from './repositories/person-repository.ts';
import { createServerRepository, TABLES_OF_SERVERS } from './repositories/server-repository.ts';
import { createLinkRepository, createSessionRepository } from './repositories/session-repository.ts';
import { createSetupRepository } from './repositories/setup-repository.ts';
import { createTokenRepository } from './repositories/token-repository.ts';

const DATABASE_FILE = 'breakwater.db';
const KEY_FILE = 'secret.key';
const SETUP_TOKEN_FILE = 'setup-token';

export interface OpenStorageOptions {
  /** Made when missing. Not on a network file system: SQLite's locks do not hold there. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** How long and how many operations are kept. Default: a year, and 100,000. */
  readonly journal?: JournalRetention | undefined;
}

const DEFAULT_RETENTION: JournalRetention = { maxAgeMs: 365 * 86_400_000, maxOperations: 100_000 };

export interface Storage {
  readonly servers: ServerRepository;
  readonly inventory: InventoryRepository;
  readonly operations: OperationRepository;
  readonly deadLetters: DeadLetterStore;
  readonly controls: ControlRepository;
  readonly histories: HistoryRepository;
  readonly hostLogins: HostLoginRepository;
  readonly hostKeys: HostKeyRepository;
  readonly hostSetups: SetupRepository;
  readonly access: AccessRepositories;
  readonly setupTokenStore: SetupTokenStore;
  /** Bytes of the database with what is not folded into it yet. */
  sizeBytes(): number;
  /** Finishes pending writes. Nothing may be used afterwards. */
  close(): Promise<void>;
}

/** `STORAGE_READ_ONLY`, `STORAGE_FULL`, `STORAGE_CORRUPT`, `STORAGE_SCHEMA_NEWER`, `STORAGE_BUSY`, `STORAGE_UNREADABLE`. */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { clock, dataDir, logger } = options;
  const databasePath = join(dataDir, DATABASE_FILE);
  await openDataDirectory(dataDir, { logger, ownFiles: [DATABASE_FILE, KEY_FILE, SETUP_TOKEN_FILE, LOCK_FILE] });
  const { db, connection, schemaFrom, schemaTo, backupPath } = await openDatabase(databasePath, { clock });
  if (backupPath !== null) logger.info('The database was copied before its schema is changed.', { backup: backupPath });
  if (schemaFrom !== schemaTo) logger.info('The database schema was brought up to date.', { from: schemaFrom, to: schemaTo });
  try {
    const vault = await openPasswordVault(join(dataDir, KEY_FILE), { logger });
    // A save that was under way while its server was removed may have left a row behind.
    for (const table of TABLES_OF_SERVERS) {
      await db.deleteFrom(table).where('server_id', 'not in', db.selectFrom('servers').select('id')).execute();
    }
    const pruner = new JournalPruner(db, { clock, logger, retention: options.journal ?? DEFAULT_RETENTION });
    await pruner.pruneAll();
    const inventory = createInventoryRepository(db, { logger });
    return {
      servers: createServerRepository(db, { vault, clock }),
      inventory,
      operations: createOperationRepository(db, { pruner }),
      deadLetters: createDeadLetterStore(db),
      controls: createControlRepository(db, { logger }),
      histories: createHistoryRepository(db, { logger }),
      hostLogins: createHostLoginRepository(db, { vault: vault.of('host-login-key') }),
      hostKeys: createHostKeyRepository(db),
      hostSetups: createSetupRepository(db),
      access: {
        people: createPersonRepository(db),
        sessions: createSessionRepository(db),
        tokens: createTokenRepository(db),
        links: createLinkRepository(db),
      },
      setupTokenStore: createSetupTokenFile(join(dataDir, SETUP_TOKEN_FILE)),
      sizeBytes: () => sumFiles([databasePath, `${databasePath}-wal`]),
      async close() {
        await inventory.flush();
        try {
          // Closing the last connection folds the log into the database file.
          await db.destroy();
          if (connection.isOpen) connection.close();
        } catch (error) {
          throw toStorageError(error, { path: databasePath });
        }
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A log that is not there has no bytes. */
const sumFiles = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
