package import StrictJSON

/// An error that a call is answered with: its qualified name and its parameters.
package struct VarlinkError: Error, Hashable, Sendable {
    package let name: String
    package let parameters: JSONValue

    package init(name: String, parameters: JSONValue = [:]) {
        self.name = name
        self.parameters = parameters
    }
}

/// The errors of `org.varlink.service`.
extension VarlinkError {
    package static func interfaceNotFound(_ interface: String) -> Self {
        service("InterfaceNotFound", ["interface": .string(interface)])
    }

    package static func methodNotFound(_ method: String) -> Self {
        service("MethodNotFound", ["method": .string(method)])
    }

    /// The interface has the method, but nothing handles it.
    package static func methodNotImplemented(_ method: String) -> Self {
        service("MethodNotImplemented", ["method": .string(method)])
    }

    /// A parameter is unknown, missing or of the wrong type.
    package static func invalidParameter(_ parameter: String) -> Self {
        service("InvalidParameter", ["parameter": .string(parameter)])
    }

    package static let permissionDenied = service("PermissionDenied")
    package static let expectedMore = service("ExpectedMore")

    private static func service(_ name: String, _ parameters: JSONValue = [:]) -> Self {
        VarlinkError(name: "\(ServiceInterface.name).\(name)", parameters: parameters)
    }
}
