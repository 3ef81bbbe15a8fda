import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { ratePassword, STRENGTHS } from './password-strength.ts';

/** Under a field in which a new password is made up. */
export function StrengthHint({ password }: { readonly password: string }): ReactNode {
  const { t } = useWords();
  const strength = ratePassword(password);
  const rank = STRENGTHS.indexOf(strength);
  return (
    <>
      {password === '' ? null : (
        <span className={`strength strength-${strength}`}>
          <span className="strength-bars" aria-hidden="true">
            {STRENGTHS.map((level, index) => (
              <span key={level} data-on={index <= rank ? 'yes' : 'no'} />
            ))}
          </span>
          {t('access.strength', { level: t(`access.strength_${strength}`) })}
        </span>
      )}
      <span>{t('access.strength_hint')}</span>
    </>
  );
}
