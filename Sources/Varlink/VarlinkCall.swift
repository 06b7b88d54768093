package import StrictJSON

/// A call as it stands on the wire, before anyone asks what it means.
package struct VarlinkCall: Hashable, Sendable {
    package let method: String
    package let parameters: JSONValue
    /// More than one reply is welcome.
    package let wantsMore: Bool
    /// No reply is.
    package let isOneway: Bool

    package init(
        method: String,
        parameters: JSONValue = [:],
        wantsMore: Bool = false,
        isOneway: Bool = false
    ) {
        self.method = method
        self.parameters = parameters
        self.wantsMore = wantsMore
        self.isOneway = isOneway
    }

    /// Reads one message; `nil` for what is no call.
    package init?(message: [UInt8]) {
        guard let value = try? JSONNode.parse(message).value,
            let call = try? VarlinkCall(from: value)
        else { return nil }
        self = call
    }

    private init?(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        try object.refuseAllBut(["method", "parameters", "more", "oneway", "upgrade"])
        method = try object.text("method")
        parameters = try object.optional("parameters") { $0 } ?? [:]
        wantsMore = try object.optional("more", \.flag) ?? false
        isOneway = try object.optional("oneway", \.flag) ?? false
        guard case .object = parameters, !(wantsMore && isOneway),
            try object.optional("upgrade", \.flag) != true
        else { return nil }
    }

    /// The message without its NUL.
    package var message: [UInt8] {
        var members = [
            JSONValue.Member("method", .string(method)), JSONValue.Member("parameters", parameters),
        ]
        if wantsMore { members.append(JSONValue.Member("more", true)) }
        if isOneway { members.append(JSONValue.Member("oneway", true)) }
        return JSONValue.object(members).encoded()
    }

    /// `io.jitgate.Agent` of `io.jitgate.Agent.Status`; the whole if there is no dot.
    var interface: String {
        method.lastIndex(of: ".").map { String(method[..<$0]) } ?? method
    }

    var methodName: String {
        method.lastIndex(of: ".").map { String(method[$0...].dropFirst()) } ?? ""
    }
}
