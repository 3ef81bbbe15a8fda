import type { Clock } from '@breakwater/kernel';
import type { ObjectWaiter, PropertyReader } from '../properties/index.ts';
import type { Moref } from '../schema/index.ts';
import type { Session } from '../session/index.ts';
import { acquireConsoleTicket, type ConsoleTicket } from './console-ticket.ts';
import type { PowerState } from './machine-facts.ts';
import { type ActOutcome, changePower, type PowerOptions, type PowerVerb, readPowerState } from './power.ts';
import { toRefusalError } from './refusal.ts';
import type { Screen, ScreenCamera, ScreenOptions } from './screen-camera.ts';

export interface MachineTools {
  readonly session: Session;
  readonly reader: PropertyReader;
  readonly waiter: ObjectWaiter;
  readonly camera: ScreenCamera;
  readonly clock: Clock;
  readonly origin: string;
}

/** One virtual machine of one server. Making it asks nothing; each verb is one act. */
export class VirtualMachine {
  readonly #ref: Moref;
  readonly #tools: MachineTools;

  constructor(moid: string, tools: MachineTools) {
    this.#ref = { type: 'VirtualMachine', value: moid };
    this.#tools = tools;
  }

  /**
   * Acts and waits for the end. What the server refuses is an outcome, not an error. Guest verbs need running tools; a
   * `reboot_guest` has succeeded when the guest has been told, because nothing shows its end.
   */
  changePower(verb: PowerVerb, options: PowerOptions): Promise<ActOutcome> {
    return changePower(this.#tools, this.#ref, { ...options, verb });
  }

  /** What the server says now, and not what was last heard. */
  async readPowerState(options: { readonly signal: AbortSignal }): Promise<PowerState> {
    try {
      return await readPowerState(this.#tools, this.#ref, options);
    } catch (error) {
      throw toRefusalError(error);
    }
  }

  /** Null: no picture now. */
  captureScreen(options: ScreenOptions): Promise<Screen | null> {
    return this.#tools.camera.capture(this.#ref, options);
  }

  acquireConsoleTicket(options: { readonly signal: AbortSignal }): Promise<ConsoleTicket> {
    return acquireConsoleTicket(this.#tools, this.#ref, options);
  }

  /** Answers the question that holds this machine's task up. An answer to a question that is gone is refused by the server. */
  async answerQuestion(
    answer: { readonly questionId: string; readonly choiceKey: string },
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    try {
      await this.#tools.session.call(
        { method: 'AnswerVM', self: this.#ref, args: { questionId: answer.questionId, answerChoice: answer.choiceKey } },
        { priority: 'critical', idempotent: false, signal: options.signal },
      );
    } catch (error) {
      throw toRefusalError(error);
    }
  }
}
