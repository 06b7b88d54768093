import ApprovalPage
import LoopbackHTTP
import Signatures

/// Requests and answers of the approval page, and the lines of passkeys.
extension Target {
    static let pages = [
        Target(name: "http-request") { bytes in
            var whole = HTTPRequestParser()
            let request = Result { () throws(HTTPStatus) in try whole.append(bytes) }
            guard case .success(let request?) = request else { return }
            hold(request.path.hasPrefix("/"), "a path begins with a slash")
            hold(request.method == .post || request.body.isEmpty, "a GET has no body")
            // In two parts, split at a place that the input itself chooses.
            let split = Int(bytes[bytes.count / 2]) % bytes.count
            var parts = HTTPRequestParser()
            let beginning = Result { () throws(HTTPStatus) in
                try parts.append(Array(bytes[..<split]))
            }
            hold(beginning == .success(nil), "a part is not whole")
            let rest = Result { () throws(HTTPStatus) in try parts.append(Array(bytes[split...])) }
            hold(rest == .success(request), "it is the same however its bytes arrive")
        },
        Target(name: "page-answer") { bytes in
            guard let answer = PageAnswer(parsing: bytes, token: "t"),
                case .passkey(let key, let credential, _) = answer,
                let line = try? PasskeyLine(name: "dana", key: key, credential: credential)
            else { return }
            let lines = PasskeyLine.lines(of: Array(line.text.utf8), for: .grant)
            hold(lines == [line], "what is written is read alike")
        },
        Target(name: "passkey-lines") { bytes in
            guard (try? AllowedSigners(parsing: bytes)) != nil else { return }
            for line in PasskeyLine.lines(of: bytes, for: .grant) {
                _ = line.application
                hold(
                    (try? AllowedSigners(parsing: Array(line.text.utf8))) != nil,
                    "it stands alone"
                )
            }
        },
    ]
}
