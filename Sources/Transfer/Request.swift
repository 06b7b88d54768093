/// One request to a depot or a hub, with the bounds of its answer.
package struct Request: Sendable {
    package enum Method: String, Sendable {
        case post = "POST"
        case delete = "DELETE"
    }

    /// The addresses that a server may be reached by.
    package enum Family: Hashable, Sendable {
        case ipv4, ipv6
    }

    package let url: String
    /// The method; `nil`: PUT if there is a body, else GET.
    package var method: Method?
    /// The body of a PUT or POST; a GET has none.
    package var body: [UInt8]?
    /// The only addresses to use; `nil`: whichever answers.
    package var family: Family?
    /// Further headers; their values hold no control characters.
    package var headers: [(name: String, value: String)] = []
    /// The longest body of the answer, in bytes.
    package let limit: Int
    /// The longest time for all of it, beyond `wait`.
    package var time: Duration = .seconds(30)
    /// The time that the server may take before it answers.
    package var wait: Duration = .zero
    /// Whether the body of the answer is wanted; if not, its first `limit` bytes are read and dropped,
    /// and an answer with a longer one is an answer all the same.
    package var keepsBody = true
    /// A descriptor that ends the request when it can be read.
    package var interrupt: Int32?

    package init(_ url: String, limit: Int) {
        self.url = url
        self.limit = limit
    }
}

/// The answer of a depot.
package struct Response: Sendable {
    package let status: Int
    package let body: [UInt8]
    private let headers: [(name: String, value: String)]

    init(status: Int, body: [UInt8], headers: [(name: String, value: String)]) {
        (self.status, self.body, self.headers) = (status, body, headers)
    }

    /// The value of a header by its name in lower case; of several, the first.
    package subscript(header name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// The reason why there is no answer.
package enum TransferError: Error, Hashable, Sendable {
    /// The process was asked to end.
    case stopped
    /// The descriptor of the request can be read.
    case interrupted
    /// The answer is longer than it may be; the depot is there.
    case tooLong
    /// The depot did not answer: names, TCP, TLS, time.
    case unanswered(String)
}
