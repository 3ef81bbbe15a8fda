import { OpsError } from '@breakwater/kernel';

/** Throws unless a person types yes, or has said so before with --yes. */
export async function askForConsent(
  question: string,
  options: { readonly isGiven: boolean; readonly ask: (question: string) => Promise<string | null> },
): Promise<void> {
  if (options.isGiven) return;
  const answer = await options.ask(`${question} Type yes to go on: `);
  if (answer?.trim().toLowerCase() === 'yes') return;
  if (answer !== null) throw new OpsError({ code: 'HOST_CONSENT_REFUSED', message: 'Nothing was done.' });
  throw new OpsError({
    code: 'HOST_USAGE_CONSENT',
    message: 'Nobody is there to ask. Add --yes to go on without a question. Nothing was done.',
  });
}
