package import StrictJSON

/// An object that crosses a Varlink socket: the parameters of a method, its reply, or a type of an
/// interface.
package protocol VarlinkCodable: Hashable, Sendable {
    /// The members in their order; the description of the interface is written from them, and a call
    /// with any other parameter is refused.
    static var members: [VarlinkMember] { get }

    /// Reads the object; throws `invalidParameter` with the name of the member at fault.
    init(from value: JSONValue) throws(VarlinkError)
    var jsonValue: JSONValue { get }
}

/// A member as the description of an interface shows it.
package struct VarlinkMember: Hashable, Sendable {
    package let name: String
    /// The type in Varlink's own language, such as `?[]string`.
    let type: String
    let comment: String?

    package init(_ name: String, _ type: String, _ comment: String? = nil) {
        self.name = name
        self.type = type
        self.comment = comment
    }

    /// A member that is one of the cases of `type`.
    package init<Case: CaseIterable & RawRepresentable<String>>(
        _ name: String,
        oneOf type: Case.Type,
        _ comment: String? = nil
    ) {
        let names = type.allCases.map(\.rawValue).joined(separator: ", ")
        self.init(name, "(\(names))", comment)
    }
}

/// The parameters of a method that has none.
package struct NoParameters: VarlinkCodable {
    package static let members: [VarlinkMember] = []

    package init() {}

    package init(from value: JSONValue) throws(VarlinkError) {
        _ = try VarlinkObject(value)
    }

    package var jsonValue: JSONValue { [:] }
}
