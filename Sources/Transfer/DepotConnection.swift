import CCurl
import Grants

/// Requests to one depot, one at a time over one connection that is kept.
///
/// It runs on the thread of the caller: libcurl's timers and sockets are waited for together with
/// the descriptor that asks the process to end, so nothing wakes up in between.
@safe package final class DepotConnection {
    private let multi: UnsafeMutableRawPointer
    private let identity: Identity
    private let agent: String
    /// Becomes readable when the process is to end.
    private let stop: Int32

    /// Fails if libcurl cannot be initialised.
    package init?(as identity: Identity, agent: String, stoppingAt stop: Int32) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK,
            let multi = unsafe curl_multi_init()
        else { return nil }
        unsafe jitgate_curl_limit_connections(multi, 1)
        unsafe self.multi = unsafe multi
        (self.identity, self.agent, self.stop) = (identity, agent, stop)
    }

    deinit {
        unsafe curl_multi_cleanup(multi)
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// With `receiver` the body of an answer of 200 is no part of the result: its bytes are passed on as
    /// they come, without a limit, until the receiver returns false.
    package func perform(
        _ request: Request,
        receiver: (([UInt8]) -> Bool)? = nil
    ) throws(TransferError) -> Response {
        guard let easy = EasyHandle(request, of: identity, agent: agent, receiver) else {
            throw .unanswered("out of memory")
        }
        guard unsafe curl_multi_add_handle(multi, easy.handle) == CURLM_OK else {
            throw .unanswered("libcurl refused the request")
        }
        defer { unsafe curl_multi_remove_handle(multi, easy.handle) }
        let code = try finish(request.interrupt)
        return try easy.response(code)
    }

    private func finish(_ interrupt: Int32?) throws(TransferError) -> CURLcode {
        while true {
            var running: Int32 = 0
            guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else {
                throw .unanswered("libcurl failed")
            }
            if running == 0 { return result() }
            try wait(interrupt)
        }
    }

    /// Waits for the socket or a timer of the request, for the end of the process, or for `interrupt`.
    private func wait(_ interrupt: Int32?) throws(TransferError) {
        var extra = [stop, interrupt].compactMap(\.self).map { descriptor in
            curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        }
        let code = unsafe curl_multi_poll(multi, &extra, UInt32(extra.count), 60_000, nil)
        guard code == CURLM_OK else { throw .unanswered("libcurl failed") }
        if extra[0].revents != 0 { throw .stopped }
        if extra.dropFirst().contains(where: { $0.revents != 0 }) { throw .interrupted }
    }

    private func result() -> CURLcode {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            if unsafe message.pointee.msg == CURLMSG_DONE {
                return unsafe message.pointee.data.result
            }
        }
        return CURLE_GOT_NOTHING
    }
}
