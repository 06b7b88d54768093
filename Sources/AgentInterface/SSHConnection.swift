package import Grants

/// A TCP session as sshd writes it into SSH_CONNECTION: client, its port, server, its port.
package struct SSHConnection: Hashable, Sendable {
    package let client: Address
    package let clientPort: UInt16
    private let server: String
    /// The port on the server.
    package let port: Port

    /// Reads a value of SSH_CONNECTION; `nil` for other text.
    package init?(parsing text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 4, let client = try? Prefix(parsing: words[0]).address,
            let clientPort = UInt16(words[1]), let number = UInt16(words[3]),
            let port = Port(number: number, transport: .tcp)
        else { return nil }
        self.client = client
        self.clientPort = clientPort
        server = words[2]
        self.port = port
    }
}

extension SSHConnection: CustomStringConvertible {
    package var description: String { "\(client) \(clientPort) \(server) \(port.number)" }
}
