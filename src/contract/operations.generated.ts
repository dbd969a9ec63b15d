/* Written by scripts/generate-contract.ts from wsdl/srv.asmx.wsdl: change that, then run `npm run generate`. */
import type { Payload } from './payload.js';

/** The arguments of every operation, by its name. */
export interface OperationArguments {
  readonly AuthenticateUser: {
    readonly UID: string;
    readonly PWD: string;
  };
  readonly AuthenticateUser1: {
    readonly UID: string;
    readonly PWD: string;
    readonly Lang: string;
  };
  readonly RenewTicket: {
    readonly UID: string;
    readonly PWD: string;
    readonly Lang: string;
    readonly OldTicket: string;
  };
  readonly CreateTicketforUser: {
    readonly TrustedUserPwd: string;
    readonly UserName: string;
  };
  readonly isValidTicket: {
    readonly AuthenticationTicket: string;
  };
  readonly LogOut: {
    readonly AuthenticationTicket: string;
  };
  readonly CreateUploadHandler: {
    readonly authenticationTicket: string;
    readonly PreferedChunkSize: number;
  };
  readonly UploadFileChunk: {
    readonly authenticationTicket: string;
    readonly uploadHandler: string;
    readonly fileChunk: Payload;
    readonly chunkHEXCRC: string;
    readonly lastChunk: boolean;
  };
  readonly DeleteUploadHandler: {
    readonly authenticationTicket: string;
    readonly UploadHandler: string;
  };
  readonly UploadDocumentWithHandler: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly uploadHandler: string;
  };
  readonly UploadDocumentWithHandler1: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly uploadHandler: string;
    readonly versionComments: string;
  };
  readonly UploadDocumentWithHandler2: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly uploadHandler: string;
    readonly versionComments: string;
    readonly mpVersionMajor: number;
    readonly mpVersionMinor: number;
    readonly mpVersionRevision: number;
  };
  readonly UploadDocumentWithHandler3: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly uploadHandler: string;
    readonly xmlParameters: string;
  };
  readonly UploadNewDocumentWidthHandler: {
    readonly authenticationTicket: string;
    readonly folderPath: string;
    readonly documentName: string;
    readonly uploadHandler: string;
    readonly xmlParameters: string;
  };
  readonly UploadDocument: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly fileContent: Payload;
  };
  readonly UploadDocument1: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly fileContent: Payload;
    readonly versionComment: string;
  };
  readonly UploadDocument2: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly fileContent: Payload;
    readonly checkout: boolean;
  };
  readonly UploadDocument3: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly fileContent: Payload;
    readonly versionComment: string;
    readonly checkout: boolean;
  };
  readonly UploadDocument4: {
    readonly authenticationTicket: string;
    readonly path: string;
    readonly fileContent: Payload;
    readonly xmlParameters: string;
  };
  readonly GetDownloadHandler: {
    readonly AuthenticationTicket: string;
    readonly Path: string;
    readonly PreferedChunkSize: number;
  };
  readonly GetDownloadHandlerByVersion: {
    readonly AuthenticationTicket: string;
    readonly Path: string;
    readonly PreferedChunkSize: number;
    readonly VersionNumber: number;
  };
  readonly DownloadZipWithHandler: {
    readonly authenticationTicket: string;
    readonly Paths: string;
    readonly partialResult: boolean;
  };
  readonly DownloadFileChunk: {
    readonly authenticationTicket: string;
    readonly DownloadHandler: string;
    readonly StartOffset: number;
    readonly ChunkSize: number;
  };
  readonly DeleteDownloadHandler: {
    readonly authenticationTicket: string;
    readonly DownloadHandler: string;
  };
  readonly GetDownloadInfo: {
    readonly AuthenticationTicket: string;
    readonly Path: string;
  };
  readonly GetDownloadInfoByVersion: {
    readonly AuthenticationTicket: string;
    readonly Path: string;
    readonly VersionNumber: number;
  };
  readonly DownloadDocument: {
    readonly authenticationTicket: string;
    readonly Path: string;
  };
  readonly DownloadDocumentVersion: {
    readonly authenticationTicket: string;
    readonly Path: string;
    readonly VersionNumber: number;
  };
  readonly CreateFolder: {
    readonly authenticationTicket: string;
    readonly Path: string;
  };
  readonly FolderExists: {
    readonly authenticationTicket: string;
    readonly Path: string;
  };
  readonly DocumentExists: {
    readonly authenticationTicket: string;
    readonly Path: string;
  };
  readonly GetDocumentVersions: {
    readonly AuthenticationTicket: string;
    readonly Path: string;
  };
  readonly ServerInfo: Readonly<Record<string, never>>;
}

export type OperationName = keyof OperationArguments;
