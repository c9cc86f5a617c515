/** A client's connection, as its server sees it. Source: ServerCnxn, NIOServerCnxn. */
import type { Connection, NodeName } from "../../sim/host.ts";
import type { ZkError, ZkRequest, ZkRequestFrame, ZkSessionRequest } from "./client-protocol.ts";
import type { SessionId } from "./znode.ts";

export class ServerCnxn {
  readonly connection: Connection;
  session: SessionId = 0;
  /** As negotiated. */
  timeoutMs = 0;
  /** The session is valid, and requests are taken. */
  established = false;
  closed = false;
  /** What arrived before the session was valid. */
  readonly early: ZkRequestFrame[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
  }

  get client(): NodeName {
    return this.connection.peer;
  }
}

/** What a client wants from the server that it is connected to. */
export class ClientRequest {
  readonly cnxn: ServerCnxn;
  readonly session: SessionId;
  /** Its number among the client's requests. */
  readonly cxid: number;
  readonly request: ZkRequest | ZkSessionRequest | { readonly op: "createSession"; readonly timeoutMs: number };
  /** Why the leader refuses it although it is no write. */
  refusal: ZkError | undefined = undefined;

  constructor(cnxn: ServerCnxn, cxid: number, request: ClientRequest["request"]) {
    this.cnxn = cnxn;
    this.session = cnxn.session;
    this.cxid = cxid;
    this.request = request;
  }
}
