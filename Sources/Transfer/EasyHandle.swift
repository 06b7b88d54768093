import CCurl
import FetchSettings
import Glibc
import Grants

/// One request of libcurl: its options, its callbacks and its result.
@safe struct EasyHandle: ~Copyable {
    let handle: UnsafeMutableRawPointer
    private let reception: ResponseBuffer
    private let upload: Upload
    private var list: UnsafeMutablePointer<curl_slist>?
    /// The place where libcurl says more about an error than its code does.
    private let details: UnsafeMutablePointer<CChar>
    /// The name of the first option that libcurl refused, which a build without TLS would do.
    private var refused: CURLcode = CURLE_OK

    /// Fails if there is no memory.
    init?(
        _ request: Request,
        of identity: Identity,
        agent: String,
        _ receiver: (([UInt8]) -> Bool)? = nil
    ) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        reception = ResponseBuffer(
            limit: request.limit,
            keepsBody: request.keepsBody,
            receiver: receiver
        )
        upload = Upload(request.body ?? [])
        unsafe list = nil
        unsafe details = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe details.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, details))
        setTarget(request, agent: agent)
        setBounds(request)
        setTrust(identity, isPlain: request.url.hasPrefix("http://"))
        setHeaders(request, identity)
        setCallbacks(request)
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(list)
        unsafe details.deallocate()
    }

    /// The answer, once libcurl has said how the request ended.
    func response(_ code: CURLcode) throws(TransferError) -> Response {
        guard !reception.isTooLong else { throw .tooLong }
        let code = refused == CURLE_OK ? code : refused
        guard code == CURLE_OK || reception.isCutOff else { throw .unanswered(text(of: code)) }
        var status = 0
        unsafe jitgate_curl_get_number(handle, CURLINFO_RESPONSE_CODE, &status)
        return Response(status: status, body: reception.body, headers: reception.headers)
    }

    private func text(of code: CURLcode) -> String {
        let detail = unsafe String(cString: details)
        let text = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        let isWord = text.dropFirst().first?.isLowercase ?? false
        return isWord ? text.prefix(1).lowercased() + text.dropFirst() : text
    }
}

extension EasyHandle {
    private mutating func set(_ option: CURLoption, _ value: Int) {
        note(unsafe jitgate_curl_set_number(handle, option, value))
    }

    private mutating func set(_ option: CURLoption, _ value: String) {
        note(unsafe jitgate_curl_set_text(handle, option, value))
    }

    private mutating func note(_ code: CURLcode) {
        if refused == CURLE_OK { refused = code }
    }

    private mutating func setTarget(_ request: Request, agent: String) {
        set(CURLOPT_URL, request.url)
        if let method = request.method { set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
        if let family = request.family {
            set(CURLOPT_IPRESOLVE, Int(family == .ipv4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6))
        }
        set(CURLOPT_USERAGENT, agent)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        let isPlain = request.url.hasPrefix("http://")
        set(CURLOPT_PROTOCOLS_STR, isPlain ? "http" : "https")
        // Plain HTTP goes to loopback and nowhere else, whatever the environment says of proxies.
        if isPlain { set(CURLOPT_NOPROXY, "*") }
    }

    private mutating func setBounds(_ request: Request) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        set(CURLOPT_TIMEOUT_MS, Int((request.time + request.wait).components.seconds * 1000))
        set(CURLOPT_BUFFERSIZE, 16 << 10)
        // An answer may be long in coming: the kernel notices that the other end is gone.
        set(CURLOPT_TCP_KEEPALIVE, 1)
    }

    private mutating func setTrust(_ identity: Identity, isPlain: Bool) {
        guard !isPlain else { return }
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // A session that is resumed would show the certificate of before, even an expired one.
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        if let authorities = identity.authorities { set(CURLOPT_CAINFO, authorities) }
        if let certificate = identity.certificate {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, certificate)
            set(CURLOPT_KEYPASSWD, "")  // or a locked key would be asked for at a terminal
        }
    }

    private mutating func setHeaders(_ request: Request, _ identity: Identity) {
        // No Accept of ours besides: libcurl 7.88 signs the two in the wrong order, and stores refuse.
        add(("Accept-Encoding", "identity"))
        for header in request.headers { add(header) }
        if let credentials = identity.credentials {
            // libcurl signs without it, and a store that is not a mock refuses that.
            add(("x-amz-content-sha256", Digest.sha256(of: request.body ?? []).hexadecimal))
            set(CURLOPT_AWS_SIGV4, "aws:amz:\(credentials.region):s3")
            set(CURLOPT_USERNAME, credentials.accessKey)
            set(CURLOPT_PASSWORD, credentials.secretKey)
        }
        // No wait for the server's leave before a body of a kilobyte. libcurl 7.88 would sign the header
        // that it is told to leave out, and stores refuse that.
        if request.body != nil {
            if identity.credentials == nil { add(("Expect", "")) }
            set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1)
        }
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list))
    }

    private mutating func add(_ header: (name: String, value: String)) {
        let line = header.value.isEmpty ? "\(header.name):" : "\(header.name): \(header.value)"
        guard let longer = unsafe curl_slist_append(list, line) else {
            return note(CURLE_OUT_OF_MEMORY)
        }
        unsafe list = unsafe longer
    }

    private mutating func setCallbacks(_ request: Request) {
        let context = unsafe Unmanaged.passUnretained(reception).toOpaque()
        note(unsafe jitgate_curl_set_callback(handle, CURLOPT_WRITEFUNCTION, Self.receiveBody))
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
        note(unsafe jitgate_curl_set_callback(handle, CURLOPT_HEADERFUNCTION, Self.receiveHead))
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        guard let body = request.body else { return }
        set(CURLOPT_UPLOAD, 1)
        note(unsafe jitgate_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(body.count)))
        note(unsafe jitgate_curl_set_callback(handle, CURLOPT_READFUNCTION, Self.sendBody))
        let source = unsafe Unmanaged.passUnretained(upload).toOpaque()
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_READDATA, source))
        // A server may have closed the connection that was kept, and then all is sent again.
        note(unsafe jitgate_curl_set_seek(handle, Self.rewindBody))
        note(unsafe jitgate_curl_set_pointer(handle, CURLOPT_SEEKDATA, source))
    }

    private static let receiveBody: jitgate_curl_callback = { bytes, _, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let part = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
        let reception = unsafe Unmanaged<ResponseBuffer>.fromOpaque(context).takeUnretainedValue()
        // Any other number than that of the bytes ends the transfer.
        return unsafe reception.take(body: part) ? count : count &+ 1
    }

    private static let receiveHead: jitgate_curl_callback = { bytes, size, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let length = size * count
        let part = unsafe UnsafeRawBufferPointer(start: bytes, count: length)
        let reception = unsafe Unmanaged<ResponseBuffer>.fromOpaque(context).takeUnretainedValue()
        return unsafe reception.take(head: part) ? length : length &+ 1
    }

    private static let rewindBody: jitgate_curl_seek = { context, offset, origin in
        guard let context = unsafe context, origin == SEEK_SET else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        let upload = unsafe Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue()
        return upload.rewind(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
    }

    private static let sendBody: jitgate_curl_callback = { bytes, size, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let part = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return unsafe Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue().fill(part)
    }
}
