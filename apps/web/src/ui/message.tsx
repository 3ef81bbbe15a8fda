import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** An empty, missing or broken state: what it is, and what can be done. */
export function Message(props: {
  readonly icon: IconName;
  readonly title: string;
  /** `h1` where the message is the whole page. */
  readonly heading?: 'h1' | 'h2';
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}): ReactNode {
  const Title = props.heading ?? 'h2';
  return (
    <div className="message">
      <span className="message-icon">
        <Icon name={props.icon} />
      </span>
      <Title>{props.title}</Title>
      {props.children}
      {props.action === undefined ? null : <div className="message-action">{props.action}</div>}
    </div>
  );
}

/** A line about something that went wrong; announced when it appears. */
export function ErrorLine({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <p className="error-line" role="alert">
      <Icon name="alert" />
      <span>{children}</span>
    </p>
  );
}
