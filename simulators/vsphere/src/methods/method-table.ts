import type { MethodName } from '@breakwater/vsphere/schema';
import type { Call, MethodHandler } from '../server-state.ts';
import { acquireMksTicket, acquireTicket, createScreenshot, deleteFile } from './console.ts';
import { queryPerf, queryPerfCounter, queryPerfProviderSummary } from './performance.ts';
import { powerOff, powerOn, powerOnMany, rebootGuest, reset, shutdownGuest, standbyGuest, suspend } from './power.ts';
import {
  cancelRetrieve,
  cancelWait,
  continueRetrieve,
  createFilter,
  createPropertyCollector,
  destroyPropertyCollector,
  destroyPropertyFilter,
  retrieveProperties,
  waitForUpdates,
} from './property.ts';
import { answerQuestion, destroyEntity, reconfigure, renameEntity } from './reconfigure.ts';
import { currentTime, serviceContent } from './service.ts';
import { createContainerView, destroyView } from './view.ts';

/** Every call that needs a session. `Login` and `RetrieveServiceContent` are answered before it is looked for. */
export const METHOD_TABLE: Readonly<Record<Exclude<MethodName, 'Login'>, MethodHandler>> = {
  RetrieveServiceContent: (call) => serviceContent(call.server),
  CurrentTime: (call) => currentTime(call.server),
  Logout: (call) => call.server.sessions.end(call.session),
  SessionIsActive: (call) => {
    const session = call.server.sessions.findByKey(call.args['sessionID'] as string);
    return session !== undefined && session.userName === call.args['userName'];
  },
  CreateContainerView: createContainerView,
  DestroyView: destroyView,
  RetrievePropertiesEx: retrieveProperties,
  ContinueRetrievePropertiesEx: continueRetrieve,
  CancelRetrievePropertiesEx: cancelRetrieve,
  CreatePropertyCollector: createPropertyCollector,
  DestroyPropertyCollector: destroyPropertyCollector,
  CreateFilter: createFilter,
  DestroyPropertyFilter: destroyPropertyFilter,
  WaitForUpdatesEx: waitForUpdates,
  CancelWaitForUpdates: cancelWait,
  CancelTask: (call: Call) => call.server.tasks.cancel(call.target),
  PowerOnVM_Task: powerOn,
  PowerOffVM_Task: powerOff,
  ResetVM_Task: reset,
  SuspendVM_Task: suspend,
  ShutdownGuest: shutdownGuest,
  RebootGuest: rebootGuest,
  StandbyGuest: standbyGuest,
  PowerOnMultiVM_Task: powerOnMany,
  AnswerVM: answerQuestion,
  AcquireTicket: acquireTicket,
  AcquireMksTicket: acquireMksTicket,
  CreateScreenshot_Task: createScreenshot,
  ReconfigVM_Task: reconfigure,
  Rename_Task: renameEntity,
  Destroy_Task: destroyEntity,
  DeleteDatastoreFile_Task: deleteFile,
  QueryPerf: queryPerf,
  QueryPerfCounter: queryPerfCounter,
  QueryPerfProviderSummary: queryPerfProviderSummary,
};
