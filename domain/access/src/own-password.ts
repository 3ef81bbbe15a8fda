import { OpsError, type Secret } from '@breakwater/kernel';
import type { OwnSessionRef } from './access.ts';
import { createPersonUnknown } from './people.ts';
import type { PasswordHasher } from './ports/crypto.ts';
import type { LinkRepository, PersonRepository } from './ports/repositories.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';

export interface OwnPasswordOptions {
  readonly people: PersonRepository;
  readonly links: LinkRepository;
  readonly hasher: PasswordHasher;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
}

/** A person changes the own password and stays signed in where that was done, and nowhere else. */
export class OwnPassword {
  readonly #options: OwnPasswordOptions;

  constructor(options: OwnPasswordOptions) {
    this.#options = options;
  }

  async change(
    own: OwnSessionRef,
    input: { readonly currentPassword: Secret; readonly newPassword: Secret; readonly address: string },
  ): Promise<void> {
    const { hasher, links, people, sessions, signIn } = this.#options;
    const asking = await people.find(own.personId);
    if (asking === null) throw createPersonUnknown();
    const { username } = asking.person;
    const verified = await signIn.verify({ username, password: input.currentPassword, address: input.address });
    if (verified === null) throw createPasswordWrong();
    const passwordHash = await hasher.hash(input.newPassword);
    // Hashing takes a while: what an administrator has set meanwhile stands.
    if ((await people.find(own.personId))?.passwordHash !== verified.passwordHash) throw createPasswordWrong();
    await people.setPasswordHash(own.personId, passwordHash);
    await links.removeOfPerson(own.personId);
    await sessions.closeOthers(own);
  }
}

function createPasswordWrong(): OpsError {
  return new OpsError({ code: 'ACCESS_PASSWORD_WRONG', message: 'The current password is wrong.' });
}
