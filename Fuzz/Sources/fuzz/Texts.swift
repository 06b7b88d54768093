import AzureImport
import AgentSettings
import Grants
import StrictJSON

/// Formats of text.
extension Target {
    static let texts = [
        Target(name: "json") { bytes in
            guard let value = try? JSONNode.parse(bytes).value else { return }
            let encoded = value.encoded()
            hold((try? JSONNode.parse(encoded).value) == value, "what is written is read alike")
        },
        Target(name: "toml") { bytes in
            do {
                _ = try Configuration(parsing: bytes, file: "jitgate.toml")
            } catch let error as ConfigurationError {
                hold(!"\(error)".isEmpty, "an error says something")
            } catch {
                hold(false, "every error is of its type")
            }
        },
        Target(name: "azure") { bytes in
            guard let document = try? AzureDocument(parsing: bytes) else { return }
            _ = try? AzurePortPolicy(document, machine: nil)
        },
        Target(name: "values") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let address = try? Address(parsing: text) {
                hold((try? Address(parsing: address.description)) == address, "addresses")
            }
            if let prefix = try? Prefix(parsing: text) {
                hold((try? Prefix(parsing: prefix.description)) == prefix, "prefixes")
            }
            if let port = try? Port(parsing: text) {
                hold((try? Port(parsing: port.description)) == port, "ports")
            }
            if let moment = try? Moment(parsing: text) {
                hold((try? Moment(parsing: moment.description)) == moment, "moments")
            }
            _ = try? GrantID(parsing: text)
            if let host = try? HostPattern(parsing: text) {
                hold((try? HostPattern(parsing: host.description)) == host, "hosts")
            }
            if let decoded = Base64.decode(bytes) {
                hold(Array(Base64.encode(decoded).utf8) == bytes, "base64 has one form")
            }
        },
    ]
}
