package import Linux

/// The handlers of an interface's methods: each takes the parameters of its method and gives its reply.
package struct CallHandlers {
    private typealias Handler = (CheckedCall, PeerCredentials, AnyPendingCall) -> Bool

    private var handlers: [String: Handler] = [:]

    package init() {}

    /// Lets `answer` make the reply to each call of `method` at once.
    package mutating func on<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ answer: @escaping (Parameters, PeerCredentials) throws(VarlinkError) -> Reply
    ) {
        onCall(method) { parameters, peer, pending in
            do throws(VarlinkError) {
                pending.finish(try answer(parameters, peer))
            } catch {
                pending.fail(error)
            }
        }
    }

    /// Lets `handle` take each call of `method`, to reply to it at once or later.
    package mutating func onCall<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ handle: @escaping (Parameters, PeerCredentials, PendingCall<Reply>) -> Void
    ) {
        handlers[method.name] = { call, peer, pending in
            guard let parameters = call.parameters(of: method) else { return false }
            handle(parameters, peer, PendingCall(pending))
            return true
        }
    }

    /// Hands a call to the handler of its method.
    package func perform(
        _ call: CheckedCall,
        from peer: PeerCredentials,
        _ pending: AnyPendingCall
    ) {
        guard let handler = handlers[call.method], handler(call, peer, pending) else {
            return pending.fail(.methodNotImplemented(call.qualifiedName))
        }
    }
}
