/// An interface: its name, its methods, and the description of both in Varlink's own language.
package struct VarlinkInterface: Sendable {
    package let name: String
    package let description: String
    /// The last reply to a caller that reads its replies too slowly.
    let tooSlow: VarlinkError
    private let methods: [String: any VarlinkMethod]

    package init(
        name: String,
        comment: String,
        types: [NamedType],
        methods: [any VarlinkMethod],
        errors: [ErrorDescriptor],
        tooSlow: VarlinkError
    ) {
        self.name = name
        self.tooSlow = tooSlow
        self.methods = Dictionary(methods.map { ($0.name, $0) }) { first, _ in first }
        let head = InterfaceText.comment(comment, indent: "") + "interface \(name)\n"
        let parts = [head] + types.map(\.description) + methods.map(\.description)
        description = (parts + [errors.map(\.description).joined()]).joined(separator: "\n")
    }

    /// The method of this name, without the interface's.
    func method(_ name: String) -> (any VarlinkMethod)? { methods[name] }
}

/// A type that members of an interface name.
package struct NamedType: Sendable {
    let description: String

    package init(_ name: String, _ type: (some VarlinkCodable).Type, _ comment: String) {
        description =
            InterfaceText.comment(comment, indent: "") + "type \(name) "
            + InterfaceText.members(type.members, onLines: true) + "\n"
    }
}

/// An error of an interface.
package struct ErrorDescriptor: Sendable {
    package let name: String
    let description: String

    package init(_ name: String, _ members: [VarlinkMember] = [], _ comment: String? = nil) {
        self.name = name
        description =
            InterfaceText.comment(comment, indent: "") + "error \(name) "
            + InterfaceText.members(members) + "\n"
    }
}

/// Texts in Varlink's own language.
enum InterfaceText {
    /// Lines of a comment, each after `indent`; nothing without one.
    static func comment(_ text: String?, indent: String) -> String {
        guard let text else { return "" }
        return text.split(separator: "\n").map { "\(indent)# \($0)\n" }.joined()
    }

    /// Members in brackets: in one line, or one a line where any of them has a comment.
    static func members(_ members: [VarlinkMember], onLines: Bool = false) -> String {
        let texts = members.map { "\($0.name): \($0.type)" }
        guard onLines || members.contains(where: { $0.comment != nil }) else {
            return "(\(texts.joined(separator: ", ")))"
        }
        let lines = zip(members, texts).map { comment($0.comment, indent: "  ") + "  \($1)" }
        return "(\n\(lines.joined(separator: ",\n"))\n)"
    }
}
