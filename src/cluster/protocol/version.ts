/** The protocol's version. The major must be equal; of two minors both ends speak the older. */
export const PROTOCOL = { major: 1, minor: 4 } as const;

/** The WebSocket subprotocol, so that anything else on the socket is refused during the handshake. */
export const SUBPROTOCOL = "trainyard.1";
export const SUBPROTOCOL_OF_ANY_VERSION = /^trainyard\.\d{1,9}$/;
