package import StrictJSON
package import Varlink

extension Inspection {
    /// A way by which packets come to this host, or through it, that not all of the gate sees.
    package struct Detour: VarlinkCodable {
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            /// A routing rule lets a table other than `local` decide what is local.
            case rule
            /// An address that is this host's by another table than `local`.
            case route
            /// A rule that hands packets to a listener of another port (tproxy).
            case diversion
            /// A listener that takes packets for addresses that are not its own.
            case transparent
            /// A table of forwarded connections that pass no chain any more.
            case flowtable
        }

        package static let members = [
            VarlinkMember(
                "kind",
                oneOf: Kind.self,
                """
                An ip rule, an address that is local by another table, a rule of tproxy, a transparent
                listener, a flowtable
                """
            ),
            VarlinkMember("name", "string", "As ip or nft names it"),
            VarlinkMember(
                "port",
                "?string",
                "The port that it leads to, if it is known and the kind has one"
            ),
        ]

        package var kind: Kind
        /// Its name in the words of ip(8) or nft(8).
        package var name: String
        /// The port that it leads to, if it is known and of a kind that has one: `22/tcp`.
        package var port: String?

        package init(_ kind: Kind, _ name: String, port: String? = nil) {
            self.kind = kind
            self.name = name
            self.port = port
        }

        package init(from value: JSONValue) throws(VarlinkError) {
            let object = try VarlinkObject(value)
            self.init(
                try object.choice("kind"),
                try object.text("name"),
                port: try object.optionalText("port")
            )
        }

        package var jsonValue: JSONValue {
            [
                "kind": .string(kind.rawValue), "name": .string(name), "port": JSONValue(port),
            ]
        }
    }
}
