package import StrictJSON

/// The callers that a method is for.
package enum MethodAccess: Hashable, Sendable {
    /// Root and the group that may read.
    case read
    /// For root alone.
    case change
}

/// A method of an interface: its name, who may call it, its parameters and its reply.
///
/// The router, the handlers, the client and the description of the interface all go by it.
package struct MethodDescriptor<Parameters: VarlinkCodable, Reply: VarlinkCodable>: VarlinkMethod {
    package let interface: String
    package let name: String
    package let access: MethodAccess
    package let needsMore: Bool
    let comment: String

    /// `comment` says in the description of the interface what the method does.
    package init(
        interface: String,
        _ name: String,
        _ access: MethodAccess,
        needsMore: Bool = false,
        _ comment: String
    ) {
        self.interface = interface
        self.name = name
        self.access = access
        self.needsMore = needsMore
        self.comment = comment
    }

    /// The parameters of a call, or `invalidParameter` with the name of the one at fault.
    package func parameters(of value: JSONValue) throws(VarlinkError) -> Parameters {
        try VarlinkObject(value).refuseAllBut(Parameters.members.map(\.name))
        return try Parameters(from: value)
    }

    package func read(_ call: VarlinkCall) throws(VarlinkError) -> CheckedCall {
        CheckedCall(self, try parameters(of: call.parameters))
    }

    package var description: String {
        InterfaceText.comment(comment, indent: "") + "method \(name)"
            + InterfaceText.members(Parameters.members) + " -> "
            + InterfaceText.members(Reply.members) + "\n"
    }
}

/// A method whatever its types.
package protocol VarlinkMethod: Sendable {
    var name: String { get }
    var access: MethodAccess { get }
    /// True if it has to be called with `more`.
    var needsMore: Bool { get }
    /// The method in Varlink's own language.
    var description: String { get }
    func read(_ call: VarlinkCall) throws(VarlinkError) -> CheckedCall
}

/// A call whose caller may make it, with its parameters read.
package struct CheckedCall: Sendable {
    package let method: String
    /// The name with that of the interface.
    let qualifiedName: String
    private let value: any VarlinkCodable

    package init<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters
    ) {
        self.method = method.name
        qualifiedName = "\(method.interface).\(method.name)"
        value = parameters
    }

    /// The parameters if the call is one of `method`.
    package func parameters<Parameters, Reply>(
        of method: MethodDescriptor<Parameters, Reply>
    ) -> Parameters? {
        method.name == self.method ? value as? Parameters : nil
    }
}

extension CheckedCall: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.qualifiedName == right.qualifiedName
            && AnyHashable(left.value) == AnyHashable(right.value)
    }
}
