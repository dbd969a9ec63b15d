<?php
// The short workflow with PHP's SoapClient; BINDING is soap11 or soap12.
error_reporting(E_ALL);
set_error_handler(fn ($level, $text) => throw new ErrorException($text));

$client = new SoapClient(setting('URL') . '?WSDL', [
    'soap_version' => setting('BINDING') === 'soap12' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'exceptions' => true,
]);
$content = file_get_contents(setting('FILE'));
$folder = setting('FOLDER');
$document = "$folder/cargo.bin";
$ticket = $upload = $received = '';

step('logs in', function () use (&$ticket) {
    $answer = call('AuthenticateUser', ['UID' => setting('USER'), 'PWD' => setting('PASSWORD')]);
    equal('true', $answer['success'], 'success');
    equal(setting('USER'), $answer['username'], 'username');
    $ticket = (string) $answer['ticket'];
});
step('makes a folder', function () use (&$ticket, $folder) {
    $answer = call('CreateFolder', ['authenticationTicket' => $ticket, 'Path' => $folder]);
    equal('true', $answer['success'], 'success');
    equal(substr($folder, strlen('/Public/')), $answer['FolderName'], 'FolderName');
});
step('is told to try a chunk with a wrong CRC again', function () use (&$ticket, &$upload, $content) {
    $answer = call('CreateUploadHandler', ['authenticationTicket' => $ticket, 'PreferedChunkSize' => 1]);
    equal('262144', $answer['ChunkSize'], 'ChunkSize');
    $upload = (string) $answer['UploadHandler'];
    $answer = send($ticket, $upload, substr($content, 0, 262144), '0BADC0DE', false);
    equal('false', $answer['success'], 'success');
    equal('true', $answer['tryagain'], 'tryagain');
});
step('sends a file in chunks', function () use (&$ticket, &$upload, $content) {
    $chunks = str_split($content, 262144);
    foreach ($chunks as $at => $chunk) {
        $answer = send($ticket, $upload, $chunk, hash('crc32b', $chunk), $at === count($chunks) - 1);
        equal('true', $answer['success'], 'success');
        equal('false', $answer['tryagain'], 'tryagain');
    }
    equal(strtoupper(dechex(crc32($content))), $answer['filehexcrc'], 'filehexcrc');
});
step('commits it', function () use (&$ticket, &$upload, $document) {
    $answer = call('UploadDocumentWithHandler', ['authenticationTicket' => $ticket, 'path' => $document, 'uploadHandler' => $upload]);
    equal('true', $answer['success'], 'success');
    equal('1000000', $answer['VersionId'], 'VersionId');
});
step('reads it in chunks with the right CRCs', function () use (&$ticket, &$received, $document, $content) {
    $opened = call('GetDownloadHandler', ['AuthenticationTicket' => $ticket, 'Path' => $document, 'PreferedChunkSize' => 1]);
    equal((string) strlen($content), $opened['Size'], 'Size');
    equal(hash('crc32b', $content), $opened['CRC32'], 'CRC32');
    do {
        $answer = call('DownloadFileChunk', ['authenticationTicket' => $ticket, 'DownloadHandler' => (string) $opened['downloadhandler'],
            'StartOffset' => strlen($received), 'ChunkSize' => 262144]);
        equal('true', $answer['success'], 'success');
        $chunk = base64_decode((string) $answer, true);
        equal(hash('crc32b', $chunk), $answer['chunkCRC32'], 'chunkCRC32');
        $received .= $chunk;
    } while ((string) $answer['lastchunk'] === 'false');
});
step('has the bytes it sent', function () use ($content, &$received) {
    equal(sha1($content), sha1($received), 'the SHA-1');
});
step('reads it in one call', function () use ($client, &$ticket, $document, $content) {
    $received = $client->DownloadDocument(['authenticationTicket' => $ticket, 'Path' => $document])->DownloadDocumentResult;
    equal(sha1($content), sha1($received), 'the SHA-1');
});
step('is told that a document is missing', function () use (&$ticket, $folder) {
    $answer = call('GetDownloadHandler', ['AuthenticationTicket' => $ticket, 'Path' => "$folder/nothing.bin", 'PreferedChunkSize' => 0]);
    equal('false', $answer['success'], 'success');
    equal('Document not found.', $answer['error'], 'error');
});
step('reads a fault', function () use ($client, &$ticket) {
    $client->__setSoapHeaders(new SoapHeader('urn:lighterage:interop', 'Insurance', 'all', true));
    try {
        call('CreateUploadHandler', ['authenticationTicket' => $ticket, 'PreferedChunkSize' => 0]);
        throw new Exception('a header that must be understood was passed over');
    } catch (SoapFault $fault) {
        equal('SOAP header Insurance was not understood.', $fault->getMessage(), 'the text');
        equal('soap:MustUnderstand', $fault->faultcode, 'the code');
    } finally {
        $client->__setSoapHeaders();
    }
});
step('logs out, and the ticket is dead', function () use (&$ticket) {
    equal('true', call('LogOut', ['AuthenticationTicket' => $ticket])['success'], 'success');
    $answer = call('CreateUploadHandler', ['authenticationTicket' => $ticket, 'PreferedChunkSize' => 0]);
    equal('[901] Session expired or Invalid ticket', $answer['error'], 'error');
});

function send(string $ticket, string $upload, string $chunk, string $crc, bool $last): SimpleXMLElement
{
    return call('UploadFileChunk', ['authenticationTicket' => $ticket, 'uploadHandler' => $upload, 'fileChunk' => $chunk,
        'chunkHEXCRC' => $crc, 'lastChunk' => $last]);
}

function call(string $operation, array $arguments): SimpleXMLElement
{
    global $client;
    return new SimpleXMLElement($client->$operation($arguments)->{$operation . 'Result'}->any);
}

function setting(string $name): string
{
    return getenv("INTEROP_$name");
}

function step(string $name, callable $act): void
{
    try {
        $act();
        echo "ok: $name\n";
    } catch (Throwable $error) {
        echo "not ok: $name: ", get_class($error), ' ', strtr($error->getMessage(), "\n", ' '), "\n";
    }
}

function equal(string $expected, mixed $actual, string $what): void
{
    if ($expected !== (string) $actual) {
        throw new Exception("$what should be '$expected' and is '$actual'");
    }
}
