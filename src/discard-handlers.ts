import type { DiscardHandlers } from './accounts/ending-sessions.js';
import type { DownloadHandlers } from './handlers/download-handlers.js';
import type { UploadHandlers } from './handlers/upload-handlers.js';

/** Ties the two rooms together: when sessions end, their upload and download handlers go with them. */
export function discardHandlersOf(uploads: UploadHandlers, downloads: DownloadHandlers): DiscardHandlers {
  return async (trx, sessionIds) => {
    const afterUploads = await uploads.discardOf(trx, sessionIds);
    const afterDownloads = await downloads.discardOf(trx, sessionIds);
    return async () => {
      await afterUploads();
      await afterDownloads();
    };
  };
}
